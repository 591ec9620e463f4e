#include "tests/unit/actors/pipeline_fixture.hpp"

#include "runtime/control/spawn.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

namespace millrace::test {

pipeline_fixture::pipeline_fixture(const std::string& name)
    : folder_(std::filesystem::temp_directory_path() / (name + "-" + std::to_string(getpid()))) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  control::share_threads(config_, 2);
}

pipeline_fixture::~pipeline_fixture() {
  if (running_) {
    stop();
    ended_within(std::chrono::seconds(60));
  }
  supervisor_ = nullptr;  // the system waits for detached actors until nobody holds them
  self_.reset();
  system_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void pipeline_fixture::write(const std::string& file, const std::string& text) const {
  std::ofstream out(path(file), std::ios::binary);
  out << text;
}

std::vector<std::string> pipeline_fixture::lines(const std::string& file) const {
  std::ifstream in(path(file));
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    out.push_back(line);
  return out;
}

void pipeline_fixture::load(const std::string& file, const std::vector<std::string>& overlays) {
  config::load_request request{path(file), {}, {}};
  for (const auto& overlay : overlays)
    request.overlays.push_back(path(overlay));
  auto loaded = config::load(request, connectors());
  for (const auto& f : loaded.findings)
    UNSCOPED_INFO(config::to_string(f));
  REQUIRE(loaded.plan);
  topology_ = std::make_shared<const config::topology>(std::move(*loaded.plan));
}

/// The actors of an earlier run may still hold the state folder; a system waits for its actors.
void pipeline_fixture::release() {
  supervisor_ = nullptr;
  self_.reset();
  system_.reset();
  store_.reset();
}

void pipeline_fixture::start() {
  release();
  system_ = std::make_unique<caf::actor_system>(config_);
  self_ = std::make_unique<caf::scoped_actor>(*system_);
  auto opened = snapshot::open_dir_store({path("state"), topology_->name, false, false});
  REQUIRE(opened);
  store_ = std::move(*opened);
  deployment::pipeline_options options;
  options.topology = topology_;
  options.store = store_;
  options.threads = 2;
  options.make.reader = make_reader_;
  options.make.parser = make_parser_;
  auto prepared = deployment::prepare_pipeline(*system_, options);
  REQUIRE(prepared);
  gauges_ = prepared->gauges;
  supervisor_ = control::spawn_supervisor(*system_, std::move(prepared->supervised),
                                          caf::actor_cast<control::run_owner>(*self_));
  running_ = true;
}

void pipeline_fixture::fail(const std::string& child) {
  (*self_)->send(supervisor_, control::fail_child{child});
}

void pipeline_fixture::stop() { (*self_)->send(supervisor_, control::end_run{}); }

bool pipeline_fixture::ended_within(std::chrono::milliseconds d) {
  bool ended = false;
  (*self_)->receive(
      [&](const control::run_ended& m) {
        end_ = m;
        ended = true;
        running_ = false;
      },
      caf::after(d) >> [] {});
  return ended;
}

std::string pipeline_fixture::where_it_stands() {
  std::string out;
  (*self_)->send(supervisor_, control::get_report{});
  (*self_)->receive(
      [&](const control::report_collected& r) {
        for (const auto& part : r.parts)
          for (const auto& [log, m] : part.vector)
            out += part.actor + ": " + log + " at " + std::to_string(m.at.major) + "." +
                   std::to_string(m.at.minor) + " watermark " + std::to_string(m.watermark) + "\n";
      },
      caf::after(std::chrono::seconds(10)) >> [&] { out = "no report\n"; });
  for (const auto& [name, g] : gauges_.lanes)
    out += name + ": " + std::to_string(g->records) + " records, " + std::to_string(g->in_flight_bytes) +
           " bytes in flight\n";
  return out;
}

std::vector<std::string> pipeline_fixture::children() const {
  std::vector<std::string> out;
  for (const auto& [name, g] : gauges_.lanes)
    out.push_back(name);
  for (const auto& [name, g] : gauges_.shards)
    out.push_back(name);
  for (const auto& [name, g] : gauges_.sinks)
    out.push_back(name);
  return out;
}

}  // namespace millrace::test
