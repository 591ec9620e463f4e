#include "tools/millrace/logging.hpp"

#include "runtime/data/render.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

namespace millrace::cli {
namespace {

/// Shorter ones would turn ordinary words into stars.
constexpr std::size_t shortest_secret = 4;

void redact(std::string& text, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets) {
    if (secret.size() < shortest_secret)
      continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
}

/// The message of a line without secrets, plain or as a JSON string.
class payload_flag final : public spdlog::custom_flag_formatter {
public:
  payload_flag(std::shared_ptr<const std::vector<std::string>> secrets, bool json)
      : secrets_(std::move(secrets)), json_(json) {}

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string text(message.payload.data(), message.payload.size());
    redact(text, *secrets_);
    if (json_) {
      std::string quoted;
      data::append_json_string(quoted, text);
      text = std::move(quoted);
    }
    out.append(text.data(), text.data() + text.size());
  }

  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<payload_flag>(secrets_, json_);
  }

private:
  std::shared_ptr<const std::vector<std::string>> secrets_;
  bool json_;
};

}  // namespace

void set_up_logging(const std::string& level, const std::string& format, std::vector<std::string> secrets) {
  const bool json = format == "json";
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<payload_flag>('*', std::make_shared<const std::vector<std::string>>(std::move(secrets)),
                                    json);
  formatter->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %*");
  auto logger =
      std::make_shared<spdlog::logger>("millrace", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace millrace::cli
