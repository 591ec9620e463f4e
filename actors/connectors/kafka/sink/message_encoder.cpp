// Rows as Protobuf messages.
// Source: Protocol Buffers, "Encoding".
#include "actors/connectors/kafka/sink/json_for_message.hpp"
#include "actors/connectors/kafka/sink/message_writing.hpp"
#include "actors/connectors/kafka/sink/record_encoder.hpp"
#include "actors/connectors/kafka/sink/schema_text.hpp"
#include "actors/connectors/kafka/sink/whole_range.hpp"
#include "actors/parsers/protobuf/schema_files.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/bare_json.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>
#include <limits>
#include <optional>
#include <utility>

namespace millrace::sink {
namespace {

namespace pb = google::protobuf;
using pb_type = pb::FieldDescriptor;

constexpr std::int64_t micros_of_second = 1'000'000;
constexpr std::int64_t nanos_of_micro = 1'000;
constexpr std::int64_t longest_duration_seconds = 315'576'000'000;  // about ten thousand years
constexpr std::string_view type_urls = "type.googleapis.com";

void append_varint(std::string& out, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7)
    out += static_cast<char>(v | 0x80);
  out += static_cast<char>(v);
}

template<class Word>
void append_word(std::string& out, Word v) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

void append_bytes(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

constexpr std::uint64_t zigzag(std::int64_t v) {
  return static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
}

/// Begins what has its length in front, for which most often one byte is enough.
std::size_t begin_message(std::string& out) {
  out += '\0';
  return out.size();
}
void end_message(std::string& out, std::size_t begin) {
  auto rest = static_cast<std::uint64_t>(out.size() - begin);
  if (rest < 0x80) {
    out[begin - 1] = static_cast<char>(rest);
    return;
  }
  std::string length;
  append_varint(length, rest);
  out.replace(begin - 1, 1, length);
}

/// The value lies in the type's range.
void append_whole(std::string& out, pb_type::Type type, std::uint64_t bits) {
  switch (type) {
  case pb_type::TYPE_SINT32:
  case pb_type::TYPE_SINT64:
    return append_varint(out, zigzag(static_cast<std::int64_t>(bits)));
  case pb_type::TYPE_FIXED32:
  case pb_type::TYPE_SFIXED32:
    return append_word(out, static_cast<std::uint32_t>(bits));
  case pb_type::TYPE_FIXED64:
  case pb_type::TYPE_SFIXED64:
    return append_word(out, bits);
  default:
    return append_varint(out, bits);
  }
}

/// A message of seconds and nanoseconds, as Timestamp and Duration are.
void append_seconds(std::string& out, std::int64_t seconds, std::int64_t nanos) {
  const auto begin = begin_message(out);
  if (seconds != 0) {
    out += '\x08';
    append_varint(out, static_cast<std::uint64_t>(seconds));
  }
  if (nanos != 0) {
    out += '\x10';
    append_varint(out, static_cast<std::uint64_t>(nanos));
  }
  end_message(out, begin);
}

struct duration_value {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
};

/// -1.5s, as readers write it.
std::optional<duration_value> duration_in(std::string_view text) {
  const bool minus = text.starts_with('-');
  text.remove_prefix(minus ? 1 : 0);
  if (!text.ends_with('s'))
    return std::nullopt;
  text.remove_suffix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto is_digits = [](std::string_view t) {
    return !t.empty() && std::all_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  duration_value out;
  if (!is_digits(whole) ||
      std::from_chars(whole.data(), whole.data() + whole.size(), out.seconds).ec != std::errc() ||
      out.seconds > longest_duration_seconds)
    return std::nullopt;
  if (point != std::string_view::npos) {
    constexpr std::size_t most_digits = 9;
    const auto fraction = text.substr(point + 1);
    if (!is_digits(fraction) || fraction.size() > most_digits)
      return std::nullopt;
    std::from_chars(fraction.data(), fraction.data() + fraction.size(), out.nanos);
    for (auto i = fraction.size(); i < most_digits; ++i)
      out.nanos *= 10;
  }
  if (minus) {
    out.seconds = -out.seconds;
    out.nanos = -out.nanos;
  }
  return out;
}

/// Confluent's message indexes: how many, then each within the one before, as zigzag varints; a 0 alone is the first message.
std::string indexes_of(const pb::Descriptor& message) {
  std::vector<int> path;
  for (const auto* d = &message; d != nullptr; d = d->containing_type())
    path.insert(path.begin(), d->index());
  if (path.size() == 1 && path.front() == 0)
    return std::string(1, '\0');
  std::string out;
  append_varint(out, zigzag(static_cast<std::int64_t>(path.size())));
  for (const int index : path)
    append_varint(out, zigzag(index));
  return out;
}

class message_encoder final : public record_encoder {
public:
  message_encoder(std::shared_ptr<const parser::protobuf::schema> schema, const pb::Descriptor& message,
                  message_writing plan)
      : schema_(std::move(schema)), message_(message), plan_(std::move(plan)), head_(indexes_of(message)),
        types_(pb::util::NewTypeResolverForDescriptorPool(std::string(type_urls), message.file()->pool())) {}

  bool append(std::string& out, const data::batch& rows, std::size_t row) override {
    return plan_.whole ? append_whole_message(out, rows, row)
                       : append_fields(out, plan_.fields, rows.columns, row);
  }
  std::string why() const override {
    return fmt::format("the column \"{}\": {}", path_.empty() ? path_ : path_.substr(1), why_);
  }
  std::string head() const override { return head_; }

private:
  bool fail(std::string why) {
    why_ = std::move(why);
    path_.clear();
    return false;
  }

  static bool is_null(const field_writing& w, const data::column& c, std::size_t row) {
    return c.is_null(row) || (w.has_json_null && data::is_json_null(c.text_at(row)));
  }

  bool append_fields(std::string& out, const std::vector<field_writing>& fields,
                     const std::vector<data::column_ptr>& columns, std::size_t row) {
    std::uint64_t oneofs = 0;
    for (const auto& w : fields) {
      const auto& c = *columns[w.column];
      if (is_null(w, c, row)) {
        if (!w.takes_null) {
          fail(fmt::format("it is null, and {} {}; coalesce(\"{}\", ...) in a select before it gives a value",
                           words_of(*w.declared),
                           w.declared->is_required() ? "is required"
                                                     : "has no presence (`optional`), so that it "
                                                       "cannot be left out",
                           w.name));
          path_ = "." + w.name;
          return false;
        }
        continue;
      }
      if (w.oneof != field_writing::no_oneof) {
        const auto bit = std::uint64_t{1} << static_cast<unsigned>(w.oneof);
        if ((oneofs & bit) != 0) {
          fail(fmt::format("it has a value, and another column of the oneof \"{}\" has one, too",
                           w.declared->containing_oneof()->name()));
          path_ = "." + w.name;
          return false;
        }
        oneofs |= bit;
      }
      if (!append_value(out, w, c, row)) {
        path_ = "." + w.name + path_;
        return false;
      }
    }
    return true;
  }

  /// The value is not null.
  bool append_value(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    switch (w.how) {
    case message_put::boolean:
      if (const bool v = c.boolean_at(row); v || w.has_presence) {
        out += w.tag;
        out += v ? '\1' : '\0';
      }
      return true;
    case message_put::whole:
      return append_integer(out, w, c, row);
    case message_put::real:
      return append_real(out, w, c, row);
    case message_put::text:
      append_text(out, w, c.text_at(row));
      return true;
    case message_put::text_of_value:
      scratch_.clear();
      data::append_text_value(scratch_, c, row);
      append_text(out, w, scratch_);
      return true;
    case message_put::binary: {
      const auto bytes = data::from_base64(c.text_at(row));
      if (!bytes)
        return is_no(c, row, w, "bytes, written as base64");
      append_text(out, w, *bytes);
      return true;
    }
    case message_put::symbol:
      return append_symbol(out, w, c, row);
    case message_put::timestamp: {
      const auto t = c.ints()[row];
      const auto rest = t % micros_of_second;
      out += w.tag;
      append_seconds(out, t / micros_of_second - (rest < 0 ? 1 : 0),
                     (rest < 0 ? rest + micros_of_second : rest) * nanos_of_micro);
      return true;
    }
    case message_put::duration: {
      const auto v = duration_in(c.text_at(row));
      if (!v)
        return is_no(c, row, w, "a duration such as 1.5s");
      out += w.tag;
      append_seconds(out, v->seconds, v->nanos);
      return true;
    }
    case message_put::wrapper: {
      out += w.tag;
      const auto begin = begin_message(out);
      if (!append_value(out, w.members.front(), c, row))
        return false;
      end_message(out, begin);
      return true;
    }
    case message_put::object: {
      out += w.tag;
      const auto begin = begin_message(out);
      if (!append_fields(out, w.members, c.children(), row))
        return false;
      end_message(out, begin);
      return true;
    }
    case message_put::list:
      return append_list(out, w, c, row);
    case message_put::text_of_json:
      return append_text_of_json(out, w, c, row);
    case message_put::json:
      return append_json(out, w, c, row);
    }
    return false;
  }

  bool is_no(const data::column& c, std::size_t row, const field_writing& w, std::string_view what) {
    return fail(fmt::format("\"{0}\" does not fit {2}, which is {1}", data::excerpt(c.text_at(row)), what,
                            words_of(*w.declared)));
  }

  static void append_text(std::string& out, const field_writing& w, std::string_view text) {
    if (text.empty() && !w.has_presence)
      return;
    out += w.tag;
    append_bytes(out, text);
  }

  bool append_integer(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    __int128 v = 0;
    bool is_whole = true;
    if (c.type().id() == data::type_id::bigint) {
      v = c.ints()[row];
    } else if (const auto whole = at_scale(c.decimals()[row], 0)) {
      v = whole->units();
    } else {
      is_whole = false;
    }
    if (w.type != pb_type::TYPE_INT64 || !is_whole || c.type().id() != data::type_id::bigint) {
      const auto range = range_of(w.declared->cpp_type());
      if (!is_whole || v < range.least || v > range.most)
        return fail(fmt::format("{0} does not fit {2}, which is {1}", shown(c, row), w.declared->type_name(),
                                words_of(*w.declared)));
    }
    if (v == 0 && !w.has_presence)
      return true;
    out += w.tag;
    append_whole(out, w.type, static_cast<std::uint64_t>(v));
    return true;
  }

  bool append_real(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    const bool is_whole = c.type().id() == data::type_id::bigint;
    const auto v = is_whole ? static_cast<double>(c.ints()[row]) : c.doubles()[row];
    const bool is_short = w.type == pb_type::TYPE_FLOAT;
    const auto real = static_cast<float>(v);
    constexpr double end_of_int64 = 9223372036854775808.0;
    const auto held = is_short ? static_cast<double>(real) : v;
    if (is_whole ? held >= end_of_int64 || static_cast<std::int64_t>(held) != c.ints()[row]
                 : is_short && std::isfinite(v) && !std::isfinite(real))
      return fail(fmt::format("{0} does not fit {2}, which is {1}", shown(c, row), w.declared->type_name(),
                              words_of(*w.declared)));
    if (!w.has_presence && std::bit_cast<std::uint64_t>(held) == 0)
      return true;
    out += w.tag;
    if (is_short)
      append_word(out, real);
    else
      append_word(out, v);
    return true;
  }

  static std::string shown(const data::column& c, std::size_t row) {
    std::string text;
    data::append_text_value(text, c, row);
    return text;
  }

  bool append_symbol(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    const auto text = c.text_at(row);
    const auto& all = *w.declared->enum_type();
    std::int32_t number = 0;
    scratch_.assign(text);
    if (const auto* const known = all.FindValueByName(scratch_)) {
      number = known->number();
    } else {
      // Readers give a number without a name as its digits.
      const bool is_open = w.declared->file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      const bool is_number = !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
      if (!is_number || (!is_open && all.FindValueByNumber(number) == nullptr))
        return fail(fmt::format("\"{}\" is none of the enum {}, which {} is", data::excerpt(text),
                                all.full_name(), words_of(*w.declared)));
    }
    if (number == 0 && !w.has_presence)
      return true;
    out += w.tag;
    append_varint(out, static_cast<std::uint64_t>(std::int64_t{number}));
    return true;
  }

  bool append_list(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    const auto from = static_cast<std::size_t>(c.offsets()[row]);
    const auto to = static_cast<std::size_t>(c.offsets()[row + 1]);
    if (from == to)
      return true;
    const auto& items = *c.children()[0];
    std::size_t begin = 0;
    if (w.is_packed) {
      out += w.tag;
      begin = begin_message(out);
    }
    for (auto i = from; i < to; ++i) {
      const bool has_none = is_null(w.members.front(), items, i);
      if (!has_none && append_value(out, w.members.front(), items, i)) [[likely]]
        continue;
      if (has_none)
        fail("a list has a null among its elements, and Protobuf's lists have none");
      path_ = fmt::format("[{}]{}", i - from, path_);
      return false;
    }
    if (w.is_packed)
      end_message(out, begin);
    return true;
  }

  bool append_text_of_json(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    const auto text = data::bare_json(c.text_at(row), scratch_);
    if (!text)
      return fail(fmt::format("{} is not JSON", data::excerpt(c.text_at(row))));
    append_text(out, w, *text);
    return true;
  }

  /// The library makes the field's bytes of the JSON of a message that has it alone; they stand within any other as well.
  bool append_json(std::string& out, const field_writing& w, const data::column& c, std::size_t row) {
    scratch_.clear();
    if (!json_.append_field(scratch_, c.text_at(row), *w.declared, w.is_element, w.depth)) {
      why_ = json_.why();
      path_ = json_.path();
      return false;
    }
    return append_read(out, *w.declared->containing_type(), c.text_at(row), w.declared);
  }

  /// A message that is an object of JSON.
  bool append_whole_message(std::string& out, const data::batch& rows, std::size_t row) {
    const auto& c = *rows.columns[*plan_.whole];
    const auto name = "." + (*rows.schema)[*plan_.whole].name;
    bool good = !c.is_null(row) || fail("it is null, which no message is");
    if (good) {
      scratch_.clear();
      good = json_.append_message(scratch_, c.text_at(row), message_);
      if (!good) {
        why_ = json_.why();
        path_ = json_.path();
      }
    }
    good = good && append_read(out, message_, c.text_at(row), nullptr);
    if (!good)
      path_ = name + path_;
    return good;
  }

  /// Appends what the library makes of the JSON in scratch_. `field`: the one that it is of; none: it is the whole message.
  bool append_read(std::string& out, const pb::Descriptor& as, std::string_view text,
                   const pb::FieldDescriptor* field) {
    std::string bytes;
    const auto done =
        pb::util::JsonToBinaryString(types_.get(), fmt::format("{}/{}", type_urls, as.full_name()), scratch_,
                                     &bytes, pb::util::JsonParseOptions());
    if (!done.ok())
      return fail(
          fmt::format("{} does not fit {}: {}", data::excerpt(text),
                      field == nullptr ? "the message " + data::excerpt(as.full_name()) : words_of(*field),
                      data::excerpt(std::string_view(done.message().data(), done.message().size()), 200)));
    out += bytes;
    return true;
  }

  std::shared_ptr<const parser::protobuf::schema> schema_;
  const pb::Descriptor& message_;
  message_writing plan_;
  json_for_message json_;
  std::string head_;
  std::unique_ptr<pb::util::TypeResolver> types_;
  std::string scratch_;
  std::string why_;
  std::string path_;
};

}  // namespace

expected<std::unique_ptr<record_encoder>>
make_message_encoder(const std::string& text, const std::string& wanted, const written_columns& what) {
  ASSIGN_OR_RETURN(auto schema, message_schema_of(text));
  ASSIGN_OR_RETURN(const auto* const message,
                   schema->message(wanted, "which one rows are (\"message\", of keys \"key_message\")"));
  if (message->file() != &schema->file())
    return user_error(
        ec::invalid_argument,
        fmt::format("the message {} is one of an imported file; expected one of the schema's own",
                    message->full_name()));
  auto plan = message_writing_of(*message, what.rows, what.columns, what.is_bare);
  if (!plan)
    return unfit(std::move(plan).error());
  return std::make_unique<message_encoder>(std::move(schema), *message, std::move(*plan));
}

}  // namespace millrace::sink
