#include "tests/simulation/stand_ins.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace millrace::simulation {
namespace {

class poisoned_parser final : public parser::record_parser {
public:
  explicit poisoned_parser(std::unique_ptr<record_parser> real) : real_(std::move(real)) {}
  parser::parsed parse(const source::chunk& c) override {
    for (std::size_t i = 0; i < c.records(); ++i)
      if (c.record(i).find("poison") != std::string_view::npos)
        throw std::runtime_error("the simulated parser throws");
    return real_->parse(c);
  }

private:
  std::unique_ptr<record_parser> real_;
};

}  // namespace

std::shared_ptr<const config::topology> plan(const scenario& s) {
  // The config reader takes files only.
  const auto file =
      std::filesystem::temp_directory_path() / fmt::format("millrace-simulation-{}.json", getpid());
  std::ofstream(file) << topology_text(s);
  auto loaded = config::load({file.string(), {}, {}}, connectors());
  std::filesystem::remove(file);
  if (!loaded.plan) {
    std::string text = "the scenario's topology is refused:";
    for (const auto& f : loaded.findings)
      text += "\n" + config::to_string(f);
    throw std::logic_error(text + "\n" + topology_text(s));
  }
  return std::make_shared<const config::topology>(std::move(*loaded.plan));
}

event_micros simulated_clock::now() const {
  constexpr event_micros begin = 1'700'000'000'000'000;
  return begin + jumped +
         std::chrono::duration_cast<micros>(scheduler_.clock().now().time_since_epoch()).count();
}

std::unique_ptr<parser::record_parser> poisoned(std::unique_ptr<parser::record_parser> real) {
  return std::make_unique<poisoned_parser>(std::move(real));
}

}  // namespace millrace::simulation
