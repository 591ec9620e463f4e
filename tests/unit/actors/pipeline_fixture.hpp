// A whole pipeline in this process over a folder of its own: real files, real state folder, real actors.
#pragma once

#include "actors/node/host/lone_topology.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::test {

class pipeline_fixture {
public:
  explicit pipeline_fixture(const std::string& name);
  ~pipeline_fixture();
  pipeline_fixture(const pipeline_fixture&) = delete;
  pipeline_fixture& operator=(const pipeline_fixture&) = delete;

  [[nodiscard]] std::string path(const std::string& file) const { return (folder_ / file).string(); }
  void write(const std::string& file, const std::string& text) const;
  [[nodiscard]] std::vector<std::string> lines(const std::string& file) const;

  /// Plans the topology in `file`; fails the test on findings.
  void load(const std::string& file, const std::vector<std::string>& overlays = {});
  [[nodiscard]] const config::topology& topology() const { return *topology_; }
  /// The state of the last start(), until release().
  [[nodiscard]] const host::run_folder& state() const { return *state_; }
  /// The lanes' readers and parsers from the next start() on, in place of the connectors'.
  void use_readers(decltype(connector_makers::reader) make) { make_reader_ = std::move(make); }
  void use_parsers(decltype(connector_makers::parser) make) { make_parser_ = std::move(make); }
  /// Spawns everything; the run ends by itself or by stop().
  void start();
  /// Lets go of the state folder after the end of a run.
  void release();
  void fail(const std::string& child);
  void stop();
  /// Waits up to `d` for the end; false when it has not come.
  bool ended_within(std::chrono::milliseconds d);
  [[nodiscard]] const host::topology_end& end() const { return end_; }
  /// Names of lanes, shards and sinks.
  [[nodiscard]] std::vector<std::string> children() const;
  /// Every receiver's vector, for the message of a test that does not end.
  [[nodiscard]] std::string where_it_stands();
  [[nodiscard]] const deployment::pipeline_gauges& gauges() const { return gauges_; }

private:
  std::filesystem::path folder_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<const config::topology> topology_;
  std::shared_ptr<const host::run_folder> state_;
  decltype(connector_makers::reader) make_reader_ = millrace::make_reader;
  decltype(connector_makers::parser) make_parser_ = millrace::make_parser;
  std::unique_ptr<host::lone_topology> run_;  // null: it does not run
  std::future<host::topology_end> ends_;
  deployment::pipeline_gauges gauges_;
  host::topology_end end_;
};

}  // namespace millrace::test
