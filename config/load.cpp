// load(), load_text(): files, overlays, environment, stages, graph, plan; every finding at once.
#include "config/core_options.hpp"
#include "config/load_text.hpp"
#include "config/merged_files.hpp"
#include "config/plan/fingerprint.hpp"
#include "config/plan/graph.hpp"
#include "config/plan/partly_known.hpp"
#include "config/plan/plan_stages.hpp"
#include "config/plan/projection.hpp"
#include "config/secrets.hpp"
#include "config/stage_reader.hpp"
#include "config/text/environment.hpp"
#include "config/text/mask.hpp"
#include "config/text/overlay.hpp"
#include "config/text/reader.hpp"
#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::config {
namespace {

class loader {
public:
  loader(const load_request& request, const catalog& connectors)
      : request_(request), connectors_(connectors) {}

  loaded run() { return planned(read_merged(request_, connectors_, out_), variables::filled_in); }
  loaded run(std::string_view text) {
    return planned(read_json(text, request_.file, out_), variables::refused);
  }

private:
  loaded planned(std::optional<node> root, variables how) {
    loaded result;
    if (root) {
      root_ = std::move(*root);
      fill_environment(root_, out_, how);
      // All else that is wrong with a text that nobody has filled in may come of that.
      if (how == variables::refused && out_.errors() > 0)
        return {std::nullopt, out_.take({request_.file})};
      keep_passwords(root_);
      topology t;
      read_top_level(t);
      if (const auto* const stages = root_.find("stages"))
        plan(stages->value, t);
      refuse_references(root_, {});
      if (out_.errors() == 0) {
        finish(t);
        result.plan = std::move(t);
      }
    }
    std::vector<std::string> files{request_.file};
    files.insert(files.end(), request_.overlays.begin(), request_.overlays.end());
    files.emplace_back(set_file);
    result.findings = out_.take(files);
    return result;
  }

  /// A password in a URI is secret in any option; the reader of an option decides about the rest.
  void keep_passwords(const node& n) {
    std::vector<std::string> found;
    if (n.is_text() && n.text.find("://") != std::string::npos)
      static_cast<void>(mask_passwords(n.text, &found));
    for (const auto& value : found)
      out_.keep_secret(value, "***");
    for (const auto& m : n.members)
      keep_passwords(m.value);
    for (const auto& item : n.items)
      keep_passwords(item);
  }

  /// Returns those that no option has taken, and of which nothing has been told yet.
  void refuse_references(const node& n, const std::string& path) {
    if (out_.knows_references(path))
      return;
    if (n.references > 0 && !out_.tells_of(n.where))
      out_.error(n.where, path, misplaced_secret());
    for (const auto& m : n.members)
      refuse_references(m.value, join(path, m.name));
    for (std::size_t i = 0; i < n.items.size(); ++i)
      refuse_references(n.items[i], fmt::format("{}[{}]", path, i));
  }

  void read_top_level(topology& t) {
    if (newer_language())
      return;
    std::erase_if(root_.members, [](const member& m) { return m.name == "$schema"; });  // the editor's
    const auto options =
        read_options(root_, top_level_options(), {{}, "a topology", {}, {}, "topology"}, out_);
    if (options.has("topology")) {
      t.name = options.text("topology");
      const auto& n = root_.find("topology")->value;
      if (!is_good_name(t.name))
        out_.error(n.where, "topology",
                   fmt::format("{} cannot name a topology; expected a letter, then letters, digits, _ or -",
                               describe(n)));
    }
    if (options.has("title"))
      t.title = options.text("title");
    t.snapshot_every.reset();
    if (options.has("snapshot_every"))
      t.snapshot_every = options.duration("snapshot_every");
    if (options.has("commit_every"))
      t.commit_every = options.duration("commit_every");
  }

  /// A file in a later language gets this finding and no other.
  bool newer_language() {
    const auto* const m = root_.find("millrace");
    int version = 0;
    if (m == nullptr || m->value.what != node::kind::number)
      return false;
    const auto& digits = m->value.text;
    const auto [rest, err] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
    if (err != std::errc{} || rest != digits.data() + digits.size() || version <= 1)
      return false;
    out_.error(
        m->value.where, "millrace",
        fmt::format(
            "the file is written in version {} of the language; expected 1 (a newer millrace reads it)",
            version));
    newer_ = true;
    return true;
  }

  void plan(const node& stages, topology& t) {
    if (newer_)
      return;
    auto all = read_stages(stages, connectors_, out_);
    connect(all, out_);
    mark_before_windows(all);
    mark_timed_selects(all);
    const auto order = order_of(all);
    for (const auto i : order)
      plan_stage(all, i);
    refuse_shared_files(all, out_);
    if (const auto* const m = root_.find("dead_letters"); m != nullptr && !names_a_kind(m->value)) {
      // The default file: a sink without a type.
      t.dead_letters.emplace();
      t.dead_letters->name = m->name;
      t.dead_letters->kind = stage_kind::sink;
      t.dead_letters->options = read_options(m->value, dead_letter_options(),
                                             {m->name, "dead_letters", {}, m->value.where.file}, out_);
    } else if (m != nullptr) {
      auto d = read_dead_letter_sink(*m, connectors_, out_);
      if (d.typed && d.built.kind == stage_kind::sink)
        plan_sink_over(d, dead_letter_schema(), out_);
      t.dead_letters = std::move(d.built);
    }
    if (out_.errors() > 0)
      return check_partly_known(all, order, out_);
    mark_used_columns(all, order);
    for (const auto i : order)
      t.stages.push_back(std::move(all[i].built));
  }

  void plan_stage(drafts& all, std::size_t i) {
    auto& d = all[i];
    if (!d.typed)
      return;
    switch (d.built.kind) {
    case stage_kind::source:
      plan_source(d);
      break;
    case stage_kind::parser:
      plan_parser(d, all, out_);
      break;
    case stage_kind::transform:
      return d.built.type == "model" ? plan_model(d, all, out_) : plan_transform(d, all, out_);
    case stage_kind::window:
      return plan_window(d, all, out_);
    case stage_kind::sink:
      return plan_sink(d, all, out_);
    }
    check_connector(d, nullptr, out_);
  }

  void finish(topology& t) {
    t.state_fingerprint = fingerprint_of(t);
    for (const auto& s : out_.secrets())
      t.secrets.push_back(s.value);
    std::sort(t.secrets.begin(), t.secrets.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    t.secrets.erase(std::unique(t.secrets.begin(), t.secrets.end()), t.secrets.end());
    hide_secrets(out_);
  }

  const load_request& request_;
  const catalog& connectors_;
  report out_;
  node root_;
  bool newer_ = false;
};

}  // namespace

loaded load(const load_request& request, const catalog& connectors) {
  return loader(request, connectors).run();
}

loaded load_text(std::string_view text, const std::string& name, const catalog& connectors) {
  const load_request request{name, {}, {}};
  return loader(request, connectors).run(text);
}

const source_traits& traits_of(const stage& source) {
  static const source_traits none;
  const auto* const known = std::get_if<source_plan>(&source.plan);
  return known == nullptr ? none : *known;
}

const sink_traits& sink_traits_of(const stage& sink) {
  static const sink_traits none;
  const auto* const known = std::get_if<sink_plan>(&sink.plan);
  return known == nullptr ? none : known->traits;
}

const stage* topology::find(std::string_view wanted) const {
  const auto at =
      std::find_if(stages.begin(), stages.end(), [&](const stage& s) { return s.name == wanted; });
  return at == stages.end() ? nullptr : &*at;
}

data::schema_ptr dead_letter_schema() {
  using data::type_id;
  static const auto schema =
      std::make_shared<const data::schema>(std::vector<data::field>{{"id", type_id::text},
                                                                    {"stage", type_id::text},
                                                                    {"partition", type_id::text},
                                                                    {"position", type_id::bigint},
                                                                    {"error", type_id::text},
                                                                    {"record", type_id::text},
                                                                    {"record_base64", type_id::text},
                                                                    {"time", type_id::timestamp}});
  return schema;
}

}  // namespace millrace::config
