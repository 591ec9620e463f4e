// Windows: sizes, keys, aggregates, having, and the rows that they give.
#include "config/plan/bind_step.hpp"
#include "config/plan/missing_column.hpp"
#include "config/plan/plan_stages.hpp"
#include "config/plan/window_options.hpp"
#include "runtime/window/aggregates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace millrace::config {
namespace {

class window_planner {
public:
  window_planner(draft& d, report& out) : d_(d), out_(out) {}

  /// Reads the options that can be judged without knowing the input.
  void read_numbers() {
    const auto& o = d_.built.options;
    auto& def = plan_.definition;
    read_times_of_windows(d_, plan_, out_);
    read_bounds_of_shards(d_, plan_);
    if (d_.built.type == "session") {
      def.kind = window::shape::session;
      if (o.has("gap"))
        def.gap = o.duration("gap");
    }
    if (d_.built.type == "global") {
      def.kind = window::shape::global;
      def.bounded = false;
    }
    if (o.has("emit"))
      plan_.emit = o.text("emit");
    def.updates = plan_.emit == "updates";
    if (o.has("every"))
      plan_.every = o.duration("every");
    if (def.updates && d_.member_of("every") == nullptr)
      d_.fail(out_, "emit", "updates are given at ticks; expected \"every\" beside it, such as \"30 s\"");
    else if (!def.updates && d_.member_of("every") != nullptr && o.has("emit"))
      d_.fail(out_, "every", "ticks go with emit \"updates\"; expected none with \"final\"");
    if (o.has("state_ttl"))
      read_ttl(o.duration("state_ttl"));
    if (d_.member_of("key") == nullptr && d_.member_of("aggregates") == nullptr && d_.options_good)
      d_.fail(out_, {},
              fmt::format("{} needs \"key\" or \"aggregates\"; expected at least one of them", d_.what));
  }

  /// A key that is forgotten after a time without rows is a session of just that gap, without bounds.
  void read_ttl(micros ttl) {
    plan_.definition.kind = window::shape::session;
    plan_.definition.gap = ttl;
  }

  void check_place_in_graph(const drafts& all) {
    const timed_reader reader{
        "from",
        ": this window would count a row and the one that replaces it, and such rows have no event time; "
        "expected emit \"final\" there, or this window upstream of it",
        d_.built.type == "global" ? "state_ttl" : "this window", "a global window without state_ttl here"};
    if (refuse_updates(d_, all, d_.windows, reader, out_) || plan_.definition.kind == window::shape::global ||
        refuse_untimed(d_, all, d_.windows, reader, out_))
      return;
    for (const auto i : d_.late_of)
      check_reach(all[i]);
  }

  /// Late rows go by the watermark that they were late for. Sessions lie on no grid: there the latest row of a
  /// window's last slice comes when the watermark is a size less a slide beyond it.
  void check_reach(const draft& front) {
    const auto reach = [](const window::definition& w) {
      // A right row of an interval join may be late before its time.
      const auto sooner = w.kind == window::shape::interval ? std::min(micros{0}, w.join->before) : micros{0};
      return w.allowed_lateness + sooner + (w.kind == window::shape::session ? w.gap : w.size);
    };
    const auto& above = std::get<window_plan>(front.built.plan).definition;
    const bool off_grid =
        plan_.definition.kind == window::shape::session && above.kind == window::shape::aligned;
    const auto theirs = reach(above) - (off_grid ? above.slide : micros{0});
    const auto ours = reach(plan_.definition);
    if (ours > theirs)
      return;
    d_.fail(out_, "allowed_lateness",
            fmt::format("the {} would all be late here, too: they come when the watermark is "
                        "past their windows; expected allowed_lateness of more than {}, for as long as this "
                        "window is to wait for them",
                        front.built.kind == stage_kind::join
                            ? fmt::format("late rows of \"{}\"", front.built.name)
                            : fmt::format("rows of \"{}.late\"", front.built.name),
                        format_duration(theirs - ours + plan_.definition.allowed_lateness)));
  }

  void bind(const data::schema_ptr& input) {
    const bool faulty = d_.broken;
    const auto before = out_.errors();
    static_cast<void>(bind_step(d_, input, {.columns = false, .before_window = true}, intake().input, out_));
    const auto where_done = out_.errors();
    d_.checked.insert({"key", "aggregates"});
    read_keys(*input);
    read_aggregates(*input);
    const bool columns_known = out_.errors() == where_done;
    d_.broken = d_.broken || !columns_known;
    // The checks below could report names as missing only because of the errors so far.
    if (faulty || !columns_known)
      return;
    finish_output();
    d_.checked.insert("having");
    read_having(*input);
    if (!bind_step(d_, numbered_output(), {.where = false, .before_window = d_.before_window}, plan_.output,
                   out_) ||
        out_.errors() != before)
      return;
    d_.built.schema = plan_.output.output;
    d_.built.plan = std::move(plan_);
  }

private:
  void read_keys(const data::schema& input) {
    if (!d_.built.options.has("key"))
      return;
    const auto rows = known_rows::all_of(input);
    const auto items = items_of(*d_.member_of("key"));
    if (!check_column_count(items.size(), d_.member_of("key")->where, join(d_.path, "key"), out_))
      return;
    for (const auto* const item : items)
      if (const auto at = find_key(d_, *item, rows, out_)) {
        add_output(item->where, join(d_.path, "key"), input[*at]);
        intake().key_columns.push_back(*at);
        plan_.definition.keys.push_back(input[*at]);
      }
  }

  void read_aggregates(const data::schema& input) {
    const auto* const map = d_.member_of("aggregates");
    if (map == nullptr)
      return;
    const auto path = join(d_.path, "aggregates");
    if (!check_column_count(outputs_.size() + map->members.size(), map->where, path, out_))
      return;
    begin_groups(input);
    for (const auto& m : map->members) {
      const auto at = join(path, m.name);
      if (m.name.empty() || is_reserved(m.name) || m.name == "*") {
        out_.error(m.where, at,
                   fmt::format("\"{}\" cannot name an aggregate; expected a name that does not begin with _",
                               m.name));
        continue;
      }
      if (!is_expression(&m.value))
        continue;
      read_aggregate(m, at, input);
    }
    if (std::ranges::any_of(fields_, [](const field& f) { return !f.plain; }))
      for (auto& f : fields_)
        plan_.definition.formulas.push_back(std::move(f.value));
  }

  void warn_of(const expression::bound_over_groups& b, const node& text, const std::string& path) {
    report_warnings(expression::warnings_of(b.value), text, path, out_);
    for (const auto& a : b.extra)
      report_warnings(expression::warnings_of(a), text, path, out_);
  }

  /// An aggregate alone keeps a state of its own; those in an expression share what is there.
  void read_aggregate(const member& m, const std::string& at, const data::schema& input) {
    const bool plain = expression::is_one_aggregate(m.value.text, scope_of(input, true));
    auto& names = plain ? *alone_ : *groups_;
    names.next_column = plan_.definition.group_columns() + identities_.size();
    auto bound = expression::bind_over_groups(m.value.text, names);
    if (!bound)
      return report_problems(bound.error(), m.value, at, out_);
    warn_of(*bound, m.value, at);
    if (!add_aggregates(std::move(bound->extra), input, m.value, at, m.name, m.value.safe_text()))
      return;
    const auto& type = bound->value.type;
    add_output(m.where, at, {m.name, type});
    plan_.definition.aggregate_fields.push_back({m.name, type});
    plan_.aggregate_texts.push_back(m.value.told_text());
    fields_.push_back({plain, {m.name, m.value.text}, std::move(bound->value)});
  }

  /// Aggregates that are not there yet; false when a finding was reported.
  bool add_aggregates(std::vector<expression::bound_aggregate> more, const data::schema& input,
                      const node& text, const std::string& at, const std::string& name,
                      const std::string& source) {
    for (const auto& a : more) {
      if (!check_argument(a, text, at))
        return false;
      for (const auto* const e : {&a.argument, &a.filter})
        if (*e)
          check_timestamps(d_, **e, input, text, at, out_);
      for (const auto& o : a.order)
        check_timestamps(d_, o.value, input, text, at, out_);
    }
    for (auto& a : more)
      add_aggregate(std::move(a), name, source);
    return true;
  }

  /// Keys and bounds; add_aggregate adds the aggregates.
  void begin_groups(const data::schema& input) {
    auto fields = plan_.definition.keys;
    fields.push_back({"window_start", data::type_id::timestamp});
    fields.push_back({"window_end", data::type_id::timestamp});
    group_ = data::schema(std::move(fields));
    alone_ = expression::group_scope{scope_of_groups(group_), scope_of(input, true)};
    groups_ = alone_;
  }

  [[nodiscard]] static expression::scope scope_of_groups(const data::schema& columns) {
    return {&columns, "a window's rows must be the same whenever they are formed again; use the event time"};
  }

  /// An aggregate that keeps values needs an order and an equality of them.
  bool check_argument(const expression::bound_aggregate& a, const node& text, const std::string& path) {
    if (!a.argument || window::find_aggregate({a.function, a.argument->type, a.result}) != nullptr)
      return true;
    out_.error(text.where, path,
               fmt::format("this aggregate takes no {}; expected a plain value (take a member of it)",
                           a.argument->type.name()));
    return false;
  }

  void read_having(const data::schema& input) {
    if (!is_expression(d_.member_of("having")))
      return;
    const auto& text = *d_.member_of("having");
    const auto path = join(d_.path, "having");
    const auto& def = plan_.definition;
    expression::group_scope names{scope_of_groups(*def.output), scope_of(input, true)};
    names.next_column = def.output->size() + def.aggregates.size() - def.first_hidden();
    for (std::size_t i = 0; i < identities_.size(); ++i)
      names.aggregates.push_back({identities_[i], i < def.first_hidden()
                                                      ? def.keys.size() + i
                                                      : def.output->size() + i - def.first_hidden()});
    if (!def.formulas.empty())
      for (const auto& f : fields_)
        names.formulas.push_back(f.text);
    auto h = expression::bind_having(text.text, names);
    if (!h) {
      report_problems(h.error(), text, path, out_);
      d_.broken = true;
      return;
    }
    warn_of(*h, text, path);
    const bool good = add_aggregates(std::move(h->extra), input, text, path, "having", "having");
    d_.broken = d_.broken || !good;
    plan_.definition.having = std::move(h->value);
    plan_.having_text = text.told_text();
    plan_.having_written = text.safe_text();
  }

  void add_aggregate(expression::bound_aggregate a, const std::string& name, const std::string& source) {
    identities_.push_back(expression::identity(a));
    if (groups_)
      groups_->aggregates.push_back(
          {identities_.back(), plan_.definition.group_columns() + identities_.size() - 1});
    window::aggregate made{a.function, a.argument ? a.argument->type : data::type{}, a.result};
    made.distinct = a.distinct;
    made.delimiter = a.delimiter;
    made.fraction = a.fraction;
    made.stands_in = name;
    auto& order = intake().orders.emplace_back();
    for (auto& o : a.order) {
      made.order.push_back({o.value.type, o.descending, o.nulls_first});
      if (window::reads_order(made.function))
        order.push_back(std::move(o.value));
    }
    plan_.definition.aggregates.push_back(std::move(made));
    plan_.state_texts.push_back(source);
    intake().arguments.push_back(std::move(a.argument));
    intake().filters.push_back(std::move(a.filter));
  }

  void add_output(const location& where, const std::string& path, data::field f) {
    const bool taken =
        f.name == "window_start" || f.name == "window_end" || !names_of_outputs_.insert(f.name).second;
    if (taken)
      out_.error(where, path,
                 fmt::format("the window already gives a column \"{}\"; expected another name", f.name));
    outputs_.push_back(std::move(f));
  }

  void finish_output() {
    outputs_.push_back({"window_start", data::type_id::timestamp});
    outputs_.push_back({"window_end", data::type_id::timestamp});
    plan_.definition.output = std::make_shared<const data::schema>(std::move(outputs_));
  }

  /// Gives the columns that the window's own expressions and all that follows may name.
  [[nodiscard]] data::schema_ptr numbered_output() const {
    if (!plan_.definition.updates)
      return plan_.definition.output;
    auto fields = plan_.definition.output->fields();
    fields.push_back({std::string(batch_column), data::type_id::bigint});
    fields.push_back({std::string(change_column), data::type_id::text});
    return std::make_shared<const data::schema>(std::move(fields));
  }

  [[nodiscard]] intake_plan& intake() { return plan_.sides.front(); }

  draft& d_;
  report& out_;
  window_plan plan_;
  std::vector<data::field> outputs_;
  std::unordered_set<std::string> names_of_outputs_;
  struct field {
    bool plain = false;  // one aggregate and nothing around it
    expression::group_scope::formula text;
    expression::bound value;
  };
  std::vector<field> fields_;
  std::vector<std::string> identities_;  // identities of the aggregates
  data::schema group_;
  std::optional<expression::group_scope> alone_;   // names for an aggregate of its own
  std::optional<expression::group_scope> groups_;  // names for an expression over aggregates, too
};

}  // namespace

std::optional<std::size_t> find_key(draft& d, const node& item, const known_rows& rows, report& out,
                                    std::string_view whose) {
  const auto say = [&](const std::string& message) {
    out.error(item.where, join(d.path, "key"), fmt::format("{}{}", whose, message));
    return std::nullopt;
  };
  const auto at = rows.columns.find(item.text);
  if (!at)
    return rows.misses(item.text)
               ? say(missing_column(item.safe_text(), rows.columns, "a select upstream of this window"))
               : std::nullopt;
  if (is_reserved(item.text))
    return say(fmt::format("{} is a hidden column; expected one with a name of its own (give it one in a "
                           "select: \"columns\": {{ \"name\": \"{}\", \"*\": true }})",
                           describe(item), item.text));
  if (!rows.untyped[*at] && rows.columns[*at].type.is_nested())
    return say(fmt::format("{} is {} and cannot be a key; expected a plain column (take a member of it in a "
                           "select)",
                           describe(item), rows.columns[*at].type.name()));
  return at;
}

void plan_window(draft& d, const drafts& all, report& out) {
  window_planner w(d, out);
  w.read_numbers();
  const auto input = schema_of_inputs(d, all, out);
  if (!input)
    return;
  w.check_place_in_graph(all);
  w.bind(input);
  warn_of_windows_across(d, all, out);
}

}  // namespace millrace::config
