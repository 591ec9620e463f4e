#include "tools/console/looking.hpp"

#include "actors/observe/history.hpp"
#include "actors/observe/tap.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/console/documents.hpp"
#include "tools/console/letters.hpp"
#include "tools/remote/tables.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace millrace::console {
namespace {

namespace asked = api::requests;

/// Events on the screen.
constexpr std::uint64_t most_shown = 200;

expected<content> topologies(const remote::ask_function& ask) {
  ASSIGN_OR_RETURN(const auto a, ask(asked::list{}));
  content out{{}, {{"TOPOLOGY", "TITLE", "STATE", "SINCE", "REASON"}, {}}};
  auto all = std::get<api::answers::topologies>(a).all;
  running_first(all);
  for (const auto& t : all)
    out.table.rows.push_back({visible(t.name), visible(t.title), std::string(word_of(t)),
                              remote::since_text(t), visible(t.reason)});
  return out;
}

expected<content> nodes(const remote::ask_function& ask) {
  ASSIGN_OR_RETURN(const auto a, ask(asked::nodes{}));
  content out{{}, {{"NODE", "STATE", "ROLE", "SESSION", "ACTORS"}, {}}};
  for (const auto& n : std::get<api::answers::nodes>(a).all)
    out.table.rows.push_back({visible(n.name), std::string(to_string(n.state)),
                              n.is_coordinator ? "coordinator" : "", std::to_string(n.session),
                              std::to_string(n.actors.size())});
  return out;
}

content with_missing(content out, const std::vector<std::string>& missing) {
  for (const auto& node : missing)
    out.lines.push_back(fmt::format("without {}, which did not answer", visible(node)));
  return out;
}

expected<content> stages(const remote::ask_function& ask, const std::string& topology) {
  return document<observe::graph>(ask, asked::graph{topology}).map([](const observe::graph& g) {
    content out{{}, stages_of(g)};
    if (g.held_up_by)
      out.lines.push_back(
          fmt::format("held up by {}: {}", visible(g.held_up_by->stage), visible(g.held_up_by->words)));
    return with_missing(std::move(out), g.missing);
  });
}

expected<content> stage(const remote::ask_function& ask, const std::string& topology,
                        const std::string& name) {
  ASSIGN_OR_RETURN(const auto why, document<observe::explanation>(ask, asked::explain{topology, name}));
  ASSIGN_OR_RETURN(const auto f, document<observe::figures>(ask, asked::stage_figures{topology, name}));
  content out;
  out.lines = lines_of(text_of(why));
  out.table = !f.lanes.empty() ? lanes_of(f) : !f.shards.empty() ? shards_of(f) : commits_of(f);
  return out;
}

expected<content> table_of_letters(const remote::ask_function& ask, const std::string& topology) {
  ASSIGN_OR_RETURN(const auto newest, ask_newest_letters(ask, topology));
  content out{{}, {{"STAGE", "PARTITION", "POSITION", "REPLAYED", "ERROR"}, {}}};
  for (const auto& letter : newest.all) {
    boost::json::error_code failed;
    const auto parsed = boost::json::parse(letter, failed);
    const auto cell = [&](std::string_view name) {
      const auto* const o = failed ? nullptr : parsed.if_object();
      const auto* const v = o == nullptr ? nullptr : o->if_contains(name);
      if (v == nullptr)
        return std::string();
      return visible(v->is_string() ? std::string(v->get_string()) : data::json_text(*v));
    };
    out.table.rows.push_back({cell("stage"), cell("partition"), cell("position"),
                              cell("replayed").empty() ? "" : "replayed", cell("error")});
  }
  if (newest.has_more)
    out.lines.push_back(more_letters(topology));
  return out;
}

expected<content> edges(const remote::ask_function& ask, const std::string& topology) {
  return document<observe::graph>(ask, asked::graph{topology}).map([](const observe::graph& g) {
    content out{{}, {{"FROM", "TO", "HELD"}, {}}};
    for (const auto& e : g.edges)
      out.table.rows.push_back({visible(e.from), visible(e.to), observe::bytes_text(e.held_bytes)});
    return with_missing(std::move(out), g.missing);
  });
}

/// The rows that have passed since the answer before, the newest first.
expected<content> tapped(const remote::ask_function& ask, const std::string& topology,
                         const std::string& edge, const std::string& cursor) {
  return document<observe::tapped>(ask, asked::tap{topology, edge, cursor})
      .map([&](const observe::tapped& t) {
        content out{{}, {{"NODE", "AT", "ROW"}, {}}, t.next};
        out.lines.push_back(
            t.is_over && !cursor.empty()
                ? std::string("the tap was turned off: five minutes are over, or the topology is; Esc and "
                              "Enter turn it on again")
                : fmt::format("{} rows have passed; at most 50 a second are shown", t.passed));
        for (const auto& r : t.rows)
          out.table.rows.insert(out.table.rows.begin(),
                                {visible(r.node), format_timestamp(r.at.at), visible(r.row.text)});
        return with_missing(std::move(out), t.missing);
      });
}

/// The newest first.
expected<content> events(const remote::ask_function& ask) {
  return document<observe::history>(ask, asked::history{most_shown}).map([](const observe::history& h) {
    content out{{}, {{"TIME", "KIND", "EVENT"}, {}}};
    for (const auto& e : h.events)
      out.table.rows.insert(out.table.rows.begin(), remote::cells_of(e));
    return out;
  });
}

expected<content> of_topology(const remote::ask_function& ask, view v, const std::string& topology,
                              const std::string& name, const std::string& cursor) {
  if (v == view::stages)
    return stages(ask, topology);
  if (v == view::stage)
    return stage(ask, topology, name);
  if (v == view::letters)
    return table_of_letters(ask, topology);
  if (v == view::edges)
    return edges(ask, topology);
  if (v == view::tap)
    return tapped(ask, topology, name, cursor);
  if (v == view::ledger)
    return document<observe::whole_ledger>(ask, asked::ledger{topology})
        .map([](const observe::whole_ledger& l) {
          return content{{visible(observe::verdict_of(l))}, grid_of(l)};
        });
  return document<observe::figures>(ask, asked::figures{topology}).map([&](const observe::figures& f) {
    content out;
    out.table = v == view::lanes ? lanes_of(f) : v == view::shards ? shards_of(f) : sinks_of(f);
    return with_missing(std::move(out), f.missing);
  });
}

}  // namespace

expected<looked> look(const remote::ask_function& ask, view v, const std::string& topology,
                      const std::string& stage, const std::string& cursor) {
  const auto with = [&](const std::string& of) {
    return [of](content&& c) { return looked{std::move(c), of}; };
  };
  if (v == view::help)
    return looked{{}, topology};
  if (v == view::nodes)
    return nodes(ask).map(with(topology));
  if (v == view::events)
    return events(ask).map(with(topology));
  auto known = topologies(ask);
  if (!known || v == view::topologies)
    return std::move(known).map(with(topology));
  auto of = topology;
  if (of.empty() && known->table.rows.size() == 1)
    of = known->table.rows.front().front();
  if (of.empty())
    return looked{{{known->table.rows.empty() ? "no topology is there"
                                              : "several topologies are there: choose one (1)"},
                   {}},
                  {}};
  return of_topology(ask, v, of, stage, cursor).map(with(of));
}

}  // namespace millrace::console
