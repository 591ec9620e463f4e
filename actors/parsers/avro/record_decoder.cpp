#include "actors/parsers/avro/record_decoder.hpp"

#include "config/text/report.hpp"
#include "runtime/avro/scalar_value.hpp"
#include "runtime/avro/skip.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace millrace::parser {
namespace {

using avro::content;
using avro::kind;
using data::type_id;

// Unions within unions multiply the steps of a plan.
constexpr std::size_t most_steps = 100'000;

scalar scalar_of(content c) {
  switch (c) {
  case content::boolean:
    return scalar::boolean;
  case content::integer:
    return scalar::integer;
  case content::real:
    return scalar::real;
  case content::decimal:
    return scalar::numeric;
  case content::date:
    return scalar::date;
  case content::timestamp:
    return scalar::timestamp;
  default:
    return scalar::text;
  }
}

/// The end of a sentence about a name that is none of the record's fields.
std::string suggestion(const avro::reading& record, std::string_view name) {
  std::vector<std::string> known;
  for (const auto& m : record.members)
    known.push_back(m.name);
  for (const auto& d : record.defaults)
    known.push_back(d.name);
  return config::did_you_mean(name, known);
}

struct as_typed {
  typed_value& to;
  data::column_builder& out;

  bool operator()(avro::null_value) const {
    out.append_null();
    return true;
  }
  bool operator()(bool v) const { return to.append_boolean(v, out); }
  bool operator()(std::int64_t v) const { return to.append_integer(v, out); }
  bool operator()(double v) const { return to.append_real(v, out); }
  bool operator()(std::string_view v) const { return to.append_text(v, out); }
  bool operator()(const decimal& v) const { return to.append_numeric(v, out); }
  bool operator()(avro::date_value v) const { return to.append_date(v.days, out); }
  bool operator()(avro::timestamp_value v) const { return to.append_timestamp(v.micros, out); }
};

std::size_t bytes_of(const avro_step& s);

std::size_t bytes_of_defaults(const avro_step& s) {
  std::size_t out = 0;
  for (const auto& d : s.defaults)
    out += d.datum.size() + bytes_of(*d.step);
  return out;
}

/// Gives the bytes that a value takes at least, whatever the record has.
std::size_t bytes_of(const avro_step& s) {
  auto out = record_budget::cell_bytes * (1 + s.absent.size()) + bytes_of_defaults(s);
  for (const auto& e : s.entries)
    if (e.step)
      out += bytes_of(*e.step);
  if (s.what == avro_step::op::one_of)
    for (const auto& branch : s.of)
      out += bytes_of(branch);
  return out;
}

/// The first reason why not all values of the step are good, with the place in the column in front.
std::optional<std::string> problem_of(const avro_step& s, const std::string& place) {
  switch (s.what) {
  case avro_step::op::fails:
    return place.empty() ? s.problem : fmt::format("{}: {}", place, s.problem);
  case avro_step::op::object:
  case avro_step::op::chosen:
    if (!s.absent.empty())
      return fmt::format("{}.{}: {}", place, s.absent.front().name, s.absent.front().problem);
    for (const auto* const entries : {&s.entries, &s.defaults})
      for (const auto& e : *entries)
        if (e.to != avro_step::entry::skipped)
          if (auto problem = problem_of(*e.step, fmt::format("{}.{}", place, e.name)))
            return problem;
    return std::nullopt;
  case avro_step::op::list:
    return problem_of(s.of.front(), place + "[]");
  case avro_step::op::one_of: {
    std::optional<std::string> first;
    for (const auto& branch : s.of) {
      if (branch.what == avro_step::op::null)
        continue;
      auto problem = problem_of(branch, place);
      if (!problem)
        return std::nullopt;
      if (!first)
        first = std::move(problem);
    }
    return first;
  }
  default:
    return std::nullopt;
  }
}

}  // namespace

record_decoder::record_decoder(avro::resolution_ptr how, const avro_columns& columns)
    : how_(std::move(how)), json_(how_) {
  const auto& r = how_->root();
  if (!r.problem.empty()) {
    root_.problem = r.problem;
  } else if (r.as != content::record) {
    root_.problem = fmt::format("the record's schema is {}; expected a record, whose fields are the columns",
                                avro::describe(how_->writer(), how_->writer().root_index()));
  } else {
    plan_record(r, columns, &how_->writer(), root_);
    bytes_of_defaults_ = bytes_of_defaults(root_);
  }
}

void record_decoder::plan_record(const avro::reading& r, const avro_columns& to, const avro::schema* in,
                                 avro_step& out) {
  out.what = op::object;
  out.in = in;
  std::unordered_map<std::string_view, std::size_t> wanted;
  for (std::size_t i = 0; i < to.fields.size(); ++i)
    if (to.used[i])
      wanted.emplace(to.fields[i].name, i);
  const auto take = [&](const std::string& name) {
    const auto at = wanted.find(name);
    if (at == wanted.end())
      return avro_step::entry::skipped;
    const auto column = at->second;
    wanted.erase(at);
    return column;
  };
  for (const auto& m : r.members) {
    avro_step::entry e{.to = m.of ? take(m.name) : avro_step::entry::skipped, .name = m.name};
    if (e.to != avro_step::entry::skipped) {
      e.step =
          std::make_unique<avro_step>(plan(*m.of, to.fields[e.to].type, format_at(to.formats, e.to), in));
      out.entries.push_back(std::move(e));
      continue;
    }
    if (out.entries.empty() || out.entries.back().to != avro_step::entry::skipped)
      out.entries.push_back(std::move(e));
    out.entries.back().passed.push_back(avro::how_to_pass(*in, m.skipped));
  }
  for (const auto& d : r.defaults)
    if (const auto column = take(d.name); column != avro_step::entry::skipped) {
      auto step = plan(d.of, to.fields[column].type, format_at(to.formats, column), &how_->reader());
      out.defaults.push_back({.to = column,
                              .name = d.name,
                              .datum = d.datum,
                              .step = std::make_unique<avro_step>(std::move(step))});
    }
  for (std::size_t i = 0; i < to.fields.size(); ++i)
    if (wanted.contains(to.fields[i].name))
      out.absent.push_back({i, to.fields[i].name,
                            fmt::format("the schema has no such field in {}{}", data::excerpt(r.name),
                                        suggestion(r, to.fields[i].name))});
}

avro_step record_decoder::plan(avro::reading_index from, const data::type& to,
                               const parser_options::timestamp_format& format, const avro::schema* in) {
  const auto& r = (*how_)[from];
  avro_step out;
  out.from = from;
  out.how = &r;
  out.in = in;
  if (++steps_ > most_steps) {
    out.problem =
        fmt::format("the schema's unions give more than {} ways to read it; declare it json", most_steps);
    return out;
  }
  if (r.as == content::nothing) {
    out.problem = r.problem;
  } else if (r.as == content::null) {
    out.what = op::null;
  } else if (r.as == content::one_of) {
    plan_union(r, to, format, in, out);
  } else if (to.id() == type_id::json) {
    out.what = op::json;
  } else if (r.as == content::record || r.as == content::map) {
    if (to.id() != type_id::object) {
      out.problem = fmt::format("it holds a {}; declare it json, or with its members", avro::word_of(r.from));
    } else if (!r.problem.empty()) {
      out.problem = r.problem;
    } else if (r.as == content::record) {
      plan_record(r, {to.fields(), format.members, std::vector<bool>(to.fields().size(), true)}, in, out);
    } else {
      out.what = op::chosen;
      for (std::size_t i = 0; i < to.fields().size(); ++i) {
        auto step = plan(r.of.front(), to.fields()[i].type, format_at(format.members, i), in);
        out.entries.push_back(
            {.to = i, .name = to.fields()[i].name, .step = std::make_unique<avro_step>(std::move(step))});
      }
    }
  } else if (r.as == content::array) {
    if (to.id() == type_id::list) {
      out.what = op::list;
      out.of.push_back(plan(r.of.front(), to.element(), format_at(format.members, 0), in));
      out.element_bytes = bytes_of(out.of.front());
    } else {
      out.problem = "it holds an array; declare it json, or a list";
    }
  } else {
    plan_scalar(r, to, format, out);
  }
  return out;
}

void record_decoder::plan_union(const avro::reading& r, const data::type& to,
                                const parser_options::timestamp_format& format, const avro::schema* in,
                                avro_step& out) {
  if (r.of.size() == 2)
    for (const std::size_t null : {0U, 1U}) {
      if ((*how_)[r.of[null]].as != content::null)
        continue;
      out = plan(r.of[1 - null], to, format, in);  // no union stands directly in a union
      out.null_branch = static_cast<std::int8_t>(null);
      return;
    }
  out.what = op::one_of;
  for (const auto branch : r.of)
    out.of.push_back(plan(branch, to, format, in));
}

void record_decoder::plan_scalar(const avro::reading& r, const data::type& to,
                                 const parser_options::timestamp_format& format, avro_step& out) {
  out.problem = why_not(scalar_of(r.as), to, format);
  if (!out.problem.empty())
    return;
  out.value = std::make_unique<typed_value>(to, format);
  out.is_short = r.from == kind::int32;
  out.what = op::scalar;
  if (r.as == content::integer && to.id() == type_id::bigint)
    out.what = op::integer;
  else if (r.as == content::text && to.id() == type_id::text)
    out.what = op::text;
  else if (r.as == content::text && r.from == kind::string)
    out.what = op::parsed;
  else if (r.as == content::real && r.from == kind::float64 && to.id() == type_id::float64)
    out.what = op::real;
  else if (r.as == content::timestamp && to.id() == type_id::timestamp)
    out.what = op::moment;
}

std::vector<record_decoder::misfit> record_decoder::misfits() const {
  std::vector<misfit> out;
  if (root_.what == op::fails)
    return {{0, root_.problem}};
  for (const auto& a : root_.absent)
    out.push_back({a.to, a.problem});
  for (const auto* const entries : {&root_.entries, &root_.defaults})
    for (const auto& e : *entries)
      if (e.to != avro_step::entry::skipped)
        if (auto problem = problem_of(*e.step, {}))
          out.push_back({e.to, std::move(*problem)});
  std::ranges::sort(out, {}, &misfit::column);
  return out;
}

bool record_decoder::unreadable(const avro_step& s, const avro::cursor& at) {
  return fail(avro::unreadable(s.how->from, at));
}

bool record_decoder::decode(std::string_view datum, row_builder& rows) {
  if (root_.what == op::fails)
    return fail(root_.problem);
  path_.clear();
  places_.clear();
  budget_.begin(datum.size());
  if (!budget_.take(bytes_of_defaults_))
    return fail(std::string(record_budget::exceeded));
  avro::cursor at(datum);
  if (!read_record(root_, at, [&](std::size_t i) -> data::column_builder& { return rows.column(i); })) {
    if (!path_.empty())
      why_ = fmt::format("column \"{}\": {}", std::string_view(path_).substr(1), why_);
    return false;
  }
  if (at.left() != 0)
    return fail(fmt::format("{} byte{} behind the record's last field; is it of another schema?", at.left(),
                            at.left() == 1 ? " stands" : "s stand"));
  return true;
}

template<class BuilderOf>
bool record_decoder::read_record(avro_step& s, avro::cursor& at, BuilderOf builder_of) {
  for (auto& e : s.entries) {
    if (e.to != avro_step::entry::skipped) {
      if (!read(*e.step, at, builder_of(e.to))) [[unlikely]] {
        path_.insert(0, "." + e.name);
        return false;
      }
    } else if (const auto passed = avro::pass_all(*s.in, e.passed, at); passed != e.passed.size())
        [[unlikely]] {
      return fail(fmt::format("{} in a field that is not read, of type {}",
                              at.ended() ? "the record ends" : "the bytes do not fit their schema",
                              avro::describe(*s.in, e.passed[passed].of)));
    }
  }
  for (auto& d : s.defaults) {
    avro::cursor datum(d.datum);
    if (!read(*d.step, datum, builder_of(d.to))) {
      path_.insert(0, "." + d.name);
      return false;
    }
  }
  for (const auto& a : s.absent)
    builder_of(a.to).append_null();
  return true;
}

bool record_decoder::read(avro_step& s, avro::cursor& at, data::column_builder& out) {
  if (s.null_branch >= 0) {
    std::size_t branch = 0;
    if (!at.index(2, branch)) [[unlikely]]
      return fail(avro::no_branch(branch, 2, at));
    if (branch == static_cast<std::size_t>(s.null_branch)) {
      out.append_null();
      return true;
    }
  }
  std::int64_t number = 0;
  switch (s.what) {
  case op::integer:
    if (!(s.is_short ? at.short_integer(number) : at.integer(number))) [[unlikely]]
      return unreadable(s, at);
    out.append_int(number);
    return true;
  case op::text: {
    std::string_view text;
    if (!at.bytes(text)) [[unlikely]]
      return unreadable(s, at);
    if (avro::is_plain_text(text)) [[likely]] {
      out.append_text(text);
      return true;
    }
    return s.value->append_text(text, out) || fail(s.value->why());
  }
  case op::parsed: {
    std::string_view text;
    if (!at.bytes(text)) [[unlikely]]
      return unreadable(s, at);
    return s.value->append_text(text, out) || fail(s.value->why());
  }
  case op::real: {
    double real = 0;
    if (!at.float64(real)) [[unlikely]]
      return unreadable(s, at);
    out.append_double(real);
    return true;
  }
  case op::moment: {
    const auto before = at;
    std::int64_t micros = 0;
    if (at.integer(number) && !__builtin_mul_overflow(number, s.how->micros, &micros) && is_timestamp(micros))
        [[likely]] {
      out.append_int(micros);
      return true;
    }
    at = before;
    return read_scalar(s, at, out);  // says why
  }
  default:
    return read_other(s, at, out);
  }
}

bool record_decoder::read_other(avro_step& s, avro::cursor& at, data::column_builder& out) {
  switch (s.what) {
  case op::null:
    out.append_null();
    return true;
  case op::json:
    scratch_.clear();
    if (!json_.append(s.from, at, scratch_, budget_.left()) && !json_.is_too_long()) {
      path_ = json_.path();
      return fail(json_.why());
    }
    if (json_.is_too_long() || !budget_.take(scratch_.size()))
      return fail(std::string(record_budget::exceeded));
    out.append_text(scratch_);
    return true;
  case op::object:
    if (!read_record(s, at, [&](std::size_t i) -> data::column_builder& { return out.child(i); }))
      return false;
    out.append_object();
    return true;
  case op::chosen:
    return read_members(s, at, out);
  case op::list:
    return read_list(s, at, out);
  case op::one_of: {
    std::size_t branch = 0;
    if (!at.index(s.of.size(), branch))
      return fail(avro::no_branch(branch, s.of.size(), at));
    return read(s.of[branch], at, out);
  }
  case op::fails:
    return fail(s.problem);
  default:
    return read_scalar(s, at, out);
  }
}

bool record_decoder::read_scalar(avro_step& s, avro::cursor& at, data::column_builder& out) {
  avro::scalar_value v;
  if (!avro::read_scalar(*s.how, at, v, scratch_, why_))
    return false;
  return std::visit(as_typed{*s.value, out}, v) || fail(s.value->why());
}

bool record_decoder::read_list(avro_step& s, avro::cursor& at, data::column_builder& out) {
  std::size_t index = 0;
  const auto read_item = [&] {
    if (!budget_.take(s.element_bytes))
      return fail(std::string(record_budget::exceeded));
    if (!read(s.of.front(), at, out.child(0))) {
      path_.insert(0, fmt::format("[{}]", index));
      return false;
    }
    ++index;
    return true;
  };
  if (!avro::read_blocks(s.how->from, at, why_, read_item))
    return false;
  out.append_list();
  return true;
}

/// A map's entries come in any order, and of those with one key the last counts, so their places are noted first.
bool record_decoder::read_members(avro_step& s, avro::cursor& at, data::column_builder& out) {
  const auto base = places_.size();
  places_.resize(base + s.entries.size());
  std::size_t next = 0;
  const auto note_entry = [&] {
    std::string_view key;
    if (!at.bytes(key))
      return fail(avro::unreadable(kind::string, at));
    for (std::size_t tried = 0; tried < s.entries.size(); ++tried, ++next) {
      next = next < s.entries.size() ? next : 0;
      if (s.entries[next].name == key) {
        places_[base + next++] = at;
        break;
      }
    }
    return avro::skip(*s.in, s.how->value, at) ||
           fail(fmt::format("{} within the map's value of key {}",
                            at.ended() ? "the record ends" : "the bytes do not fit their schema",
                            data::excerpt(key)));
  };
  if (!avro::read_blocks(s.how->from, at, why_, note_entry))
    return false;
  for (std::size_t i = 0; i < s.entries.size(); ++i) {
    auto place = places_[base + i];
    if (!place) {
      out.child(i).append_null();
    } else if (!read(*s.entries[i].step, *place, out.child(i))) {
      path_.insert(0, "." + s.entries[i].name);
      return false;
    }
  }
  places_.resize(base);
  out.append_object();
  return true;
}

}  // namespace millrace::parser
