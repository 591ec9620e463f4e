#include "tools/cli/logging.hpp"

#include "config/secrets.hpp"
#include "runtime/base/terminal_line.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

namespace millrace::cli {
namespace {

std::atomic<bool> json_is_on{false};

/// Lines stand above the progress line of a terminal. Lines of a stage with a level of its own are shown by
/// it.
class stderr_sink final : public spdlog::sinks::stderr_color_sink_mt {
public:
  stderr_sink(spdlog::level::level_enum others, std::shared_ptr<const log_names> names)
      : others_(others), names_(std::move(names)) {}
  void log(const spdlog::details::log_msg& message) override {
    if (!is_shown(message.level, {message.payload.data(), message.payload.size()}, others_, *names_))
      return;
    const auto alone = terminal_line::of_process().cleared();
    spdlog::sinks::stderr_color_sink_mt::log(message);
  }

private:
  spdlog::level::level_enum others_;
  std::shared_ptr<const log_names> names_;
};

std::string payload_of(const spdlog::details::log_msg& message) {
  return config::without_secrets({message.payload.data(), message.payload.size()});
}

/// The message of a line without secrets, and without what would make it two lines or drive a terminal: it
/// may hold what servers say.
class plain_payload final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const auto text = visible(payload_of(message));
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<plain_payload>();
  }
};

/// Each is empty where the line is about none, or it is not known.
struct subject {
  std::string topology;
  std::string stage;
  std::string actor;  // "STAGE/3"
};

bool is_topology(const std::string& name, const log_names& names) {
  return names.titles.contains(name) || (!names.node.empty() && !name.empty());
}

/// Finds the subject by how the line begins: "TOPOLOGY/STAGE: ...", "TOPOLOGY/STAGE/3 has ...", "topology
/// TOPOLOGY ..."; errors begin with "STAGE: ...".
subject beginning_of(std::string_view text, const log_names& names) {
  constexpr std::string_view before_name = "topology ";
  if (text.starts_with(before_name)) {
    const auto name = text.substr(before_name.size());
    subject out{std::string(name.substr(0, name.find_first_of(": "))), {}, {}};
    return is_topology(out.topology, names) ? out : subject();
  }
  const auto end = text.find_first_of(": ");
  if (end == std::string_view::npos)
    return {};
  const auto first = text.substr(0, end);
  const auto slash = first.find('/');
  const std::string begin(first.substr(0, slash));
  if (slash != std::string_view::npos && slash + 1 != first.size() && is_topology(begin, names)) {
    const std::string rest(first.substr(slash + 1));
    const auto number = rest.find('/');
    return {begin, rest.substr(0, number), number == std::string::npos ? std::string() : rest};
  }
  return {{}, names.topologies_of.contains(begin) ? begin : std::string(), {}};
}

/// Lines begin with their subject, but for "TITLE: ..." and "'TOPOLOGY' has ...".
subject subject_of(std::string_view text, const log_names& names) {
  auto out = beginning_of(text, names);
  if (!out.topology.empty())
    return out;
  if (names.titles.size() == 1)
    out.topology = names.titles.begin()->first;
  for (const auto& [topology, title] : names.titles)
    if (text.starts_with(title + ": ") || text.find("'" + topology + "'") != std::string_view::npos)
      out.topology = topology;
  if (!out.stage.empty())
    if (const auto& topologies = names.topologies_of.at(out.stage); topologies.size() == 1)
      out.topology = topologies.front();
  return out;
}

/// `"topology":...,"stage":...,"message":...`, of an actor `"actor":...`, of a node's process `"node":...`
class json_payload final : public spdlog::custom_flag_formatter {
public:
  explicit json_payload(std::shared_ptr<const log_names> names) : names_(std::move(names)) {}
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const auto text = payload_of(message);
    auto about = subject_of(text, *names_);
    const auto* const own = data::members_of_line();
    if (const auto* const topology = own == nullptr ? nullptr : own->if_contains("topology"))
      about.topology = topology->as_string().c_str();
    std::string members;
    const auto add = [&](std::string_view name, const std::string& value, bool known) {
      members += members.empty() ? "\"" : ",\"";
      members.append(name).append("\":");
      if (known)
        data::append_json_string(members, value);
      else
        members += "null";
    };
    add("topology", about.topology, !about.topology.empty());
    add("stage", about.stage, !about.stage.empty());
    add("message", text, true);
    if (!about.actor.empty())
      add("actor", about.actor, true);
    if (!names_->node.empty())
      add("node", names_->node, true);
    if (own != nullptr)
      for (const auto& member : *own) {
        if (member.key() == "topology")
          continue;
        members.push_back(',');
        data::append_json_string(members, std::string(member.key()));
        members.push_back(':');
        members += config::without_secrets(data::json_text(member.value()));
      }
    // JSON lines are read in terminals, too; the escapes are JSON's.
    const auto safe = visible(members);
    out.append(safe.data(), safe.data() + safe.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_payload>(names_);
  }

private:
  std::shared_ptr<const log_names> names_;
};

}  // namespace

std::unique_ptr<spdlog::formatter> text_lines() {
  auto out = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  out->add_flag<plain_payload>('*');
  out->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %*");
  return out;
}

std::unique_ptr<spdlog::formatter> json_lines(log_names names) {
  auto out = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  out->add_flag<json_payload>('*', std::make_shared<const log_names>(std::move(names)));
  out->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%*})");
  return out;
}

bool is_shown(spdlog::level::level_enum line, std::string_view text, spdlog::level::level_enum others,
              const log_names& names) {
  if (names.levels_of_stages.empty())
    return line >= others;
  const auto own = names.levels_of_stages.find(beginning_of(text, names).stage);
  return line >= (own == names.levels_of_stages.end() ? others : own->second);
}

void set_up_logging(spdlog::level::level_enum level, const std::string& format, log_names names) {
  json_is_on = format == "json";
  auto least = level;
  for (const auto& [stage, own] : names.levels_of_stages)
    least = std::min(least, own);
  const auto shared = std::make_shared<const log_names>(names);
  auto logger = std::make_shared<spdlog::logger>("millrace", std::make_shared<stderr_sink>(level, shared));
  logger->set_formatter(json_is_on ? json_lines(std::move(names)) : text_lines());
  logger->set_level(least);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void complain(std::string_view text, bool warning) {
  constexpr std::string_view program = "millrace: ";
  if (logs_are_json() && text.starts_with(program))
    text.remove_prefix(program.size());
  if (logs_are_json()) {
    spdlog::log(warning ? spdlog::level::warn : spdlog::level::err, "{}", text);
  } else {
    const auto alone = terminal_line::of_process().cleared();
    std::fprintf(stderr, "%s\n", visible_lines(config::without_secrets(std::string(text))).c_str());
  }
}

bool logs_are_json() { return json_is_on; }

}  // namespace millrace::cli
