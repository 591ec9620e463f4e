#include "tests/unit/actors/pipeline_fixture.hpp"

#include "runtime/base/shard_name.hpp"
#include "runtime/control/spawn.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <unistd.h>

namespace millrace::test {

pipeline_fixture::pipeline_fixture(const std::string& name)
    : folder_(std::filesystem::temp_directory_path() / (name + "-" + std::to_string(getpid()))) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  control::share_threads(config_, 2);
}

pipeline_fixture::~pipeline_fixture() {
  if (run_) {
    stop();
    ends_.wait();
  }
  release();
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
  run_.reset();
  system_.reset();
  state_.reset();
}

void pipeline_fixture::start() {
  release();
  system_ = std::make_unique<caf::actor_system>(config_);
  auto opened = host::run_folder::open(path("state"));
  REQUIRE(opened);
  state_ = std::move(*opened);
  host::lone_options options;
  options.folder = state_;
  auto found = host::take_state(*state_, *topology_, false);
  REQUIRE(found);
  auto planned = host::begin_run({topology_, 2}, *state_, std::move(*found), {"the state", "begin anew"});
  REQUIRE(planned);
  options.begun = std::move(*planned);
  options.pipeline.threads = 2;
  options.pipeline.make.reader = make_reader_;
  options.pipeline.make.parser = make_parser_;
  const auto shown = std::make_shared<observe::running_topologies>();
  options.running = shown;
  auto begun = host::lone_topology::start(*system_, std::move(options));
  REQUIRE(begun);
  run_ = std::move(*begun);
  ends_ = std::async(std::launch::async, [run = run_.get()] { return run->wait(); });
  while (shown->all().empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  gauges_ = shown->all().front().gauges;
}

void pipeline_fixture::fail(const std::string& child) { run_->restart(lasting_name(child)); }

void pipeline_fixture::stop() { run_->stop(); }

bool pipeline_fixture::ended_within(std::chrono::milliseconds d) {
  if (ends_.wait_for(d) != std::future_status::ready)
    return false;
  end_ = ends_.get();
  run_.reset();
  return true;
}

std::string pipeline_fixture::where_it_stands() {
  std::string out;
  if (const auto parts = run_->report())
    for (const auto& part : *parts)
      for (const auto& [log, m] : part.vector)
        out += part.actor + ": " + log + " at " + std::to_string(m.at.major) + "." +
               std::to_string(m.at.minor) + " watermark " + std::to_string(m.watermark) + "\n";
  else
    out = "no report\n";
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
