// A topology over one file that is applied at the node "here", and what the cluster has of it.
#pragma once

#include "actors/node/host/apply.hpp"
#include "tests/support/kept_values.hpp"
#include "tests/unit/host/host_fixture.hpp"

#include <memory>
#include <string>

namespace millrace::host::test {

using millrace::test::kept_values;

struct applied_here {
  own_folder folder;
  std::string input = folder.write("input.json", R"({"k": "a", "at": "2020-01-01T00:00:00Z"})"
                                                 "\n");
  apply_options options = with_text(topology_text(series_of(input)));

  [[nodiscard]] apply_options with_text(const std::string& text) const {
    apply_options o;
    o.node = "here";
    o.topology = "t";
    o.text = text;
    o.folder = folder.path().string();
    o.lanes = 3;
    return o;
  }
  [[nodiscard]] cluster::records::topology_applied prepared() const { return must(prepare_apply(options)); }
  [[nodiscard]] hosted_plan plan() const { return must(decode_plan(prepared().plan)); }
  /// The cluster has what was prepared.
  void record() { options.before = cluster::topology_state{prepared().plan, 1}; }
  /// It has run, and was stopped.
  void record_stopped() {
    const auto applied = prepared();
    options.before = cluster::topology_state{applied.plan, 1};
    options.before->status = cluster::topology_status::stopped;
    for (const auto& spec : applied.actors)
      options.before->actors[spec.name].spec = spec;
    options.kept = kept;
    options.keep = [this](const std::string& name, const std::string& value) {
      kept->all[name] = value;
      return expected<void>();
    };
  }
  /// Holds what actors have put into the store, beside the values of the plan.
  std::shared_ptr<kept_values> kept = std::make_shared<kept_values>();
};

}  // namespace millrace::host::test
