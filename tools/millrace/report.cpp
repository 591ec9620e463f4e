#include "tools/millrace/report.hpp"

#include "runtime/base/time.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/render.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::cli {
namespace {

namespace json = boost::json;

json::object stage_object(const config::topology& t, std::uint32_t index, const delivery::ledger& counts,
                          const std::vector<messages::report_part>& parts, bool ended) {
  const auto& stage = t.stages[index];
  delivery::stage_counts c;
  if (const auto at = counts.stages().find(index); at != counts.stages().end())
    c = at->second;
  json::object out;
  std::uint64_t late_at_shard = 0;
  std::uint64_t rows = 0;
  for (const auto& p : parts) {
    if (stage.kind == config::stage_kind::sink && p.actor == stage.name) {
      c.dead += p.rejected;
      c.out -= std::min(c.out, p.rejected);
    }
    if (stage.kind == config::stage_kind::window && p.actor.starts_with(stage.name + "/")) {
      rows += p.rows;
      late_at_shard += p.late_at_shard;
    }
  }
  out["in"] = c.in;
  out["out"] = c.out;
  out["filtered"] = c.filtered;
  out["late"] = c.late;
  out["dead_letters"] = c.dead;
  const auto settled = c.out + c.filtered + c.late + c.dead;
  if (!ended)
    out["in_flight"] = c.in - std::min(c.in, settled);
  if (stage.kind == config::stage_kind::window) {
    const auto dead_of = [&](std::uint32_t entry) {
      const auto at = counts.stages().find(entry);
      return at == counts.stages().end() ? 0 : at->second.dead;
    };
    const auto by_columns = dead_of(delivery::output_columns_of(index));
    out["rows"] = rows - std::min(rows, by_columns);
    out["rows_dead_letters"] = dead_of(delivery::unformed_rows_of(index)) + by_columns;
    out["late_at_shard"] = late_at_shard;
  }
  return out;
}

json::value watermark_value(event_micros w) {
  if (w == no_watermark)
    return nullptr;
  if (w == end_of_time)
    return "end";
  return json::string(format_timestamp(w));
}

json::object flow_object(const flow_meter& flow) {
  json::object out;
  for (const auto& [name, f] : flow.sources()) {
    json::object o{{"records_per_second", f.records_per_second}};
    o["pending_records"] = f.pending ? json::value(*f.pending) : json::value(nullptr);
    if (f.pending_bytes)
      o["pending_bytes"] = *f.pending_bytes;
    o["wait_seconds"] = f.wait_seconds;
    o["work_seconds"] = f.work_seconds;
    out[name] = std::move(o);
  }
  for (const auto& [name, f] : flow.sinks())
    out[name] = {{"wait_seconds", f.wait_seconds}, {"commit_seconds", f.commit_seconds}};
  return out;
}

/// JSON with one stage a line, so that people can read it and diff it.
void append(std::string& out, const json::object& o, int depth) {
  out += "{";
  bool first = true;
  for (const auto& [key, value] : o) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(static_cast<std::size_t>(depth + 1) * 2, ' ');
    data::append_json_string(out, {key.data(), key.size()});
    out += ": ";
    if (depth == 0 && value.is_object())
      append(out, value.get_object(), depth + 1);
    else
      data::append_json(out, value);
  }
  out += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ') + "}";
}

/// Beside it, so that a rename puts it in place whole.
std::string temporary_of(const std::string& file) { return file + ".part"; }

}  // namespace

std::string report_text(const config::topology& t, const std::vector<messages::report_part>& parts,
                        bool ended, const flow_meter* flow) {
  delivery::ledger counts;
  for (const auto& p : parts)
    counts.add(p.counts);
  json::object stages;
  for (std::uint32_t i = 0; i < t.stages.size(); ++i)
    stages[t.stages[i].name] = stage_object(t, i, counts, parts, ended);
  json::object watermarks;
  for (const auto& p : parts)
    for (const auto& [log, m] : p.vector) {
      // Of each source log the least that any receiver stands at. Shards' logs have two slashes, a run's number
      // none.
      if (log.starts_with("refused/") || std::count(log.begin(), log.end(), '/') != 1)
        continue;
      const auto value = watermark_value(m.watermark);
      if (!watermarks.contains(log) || m.watermark == no_watermark)
        watermarks[log] = value;
    }
  json::object out;
  out["topology"] = t.name;
  out["ended"] = ended;
  out["stages"] = std::move(stages);
  out["watermarks"] = std::move(watermarks);
  if (flow != nullptr)
    out["flow"] = flow_object(*flow);
  std::string text;
  append(text, out, 0);
  return text + "\n";
}

expected<void> write_reports(const std::string& file, const std::vector<std::string>& reports, bool as_list) {
  const auto temporary = temporary_of(file);
  {
    std::ofstream out(temporary, std::ios::trunc);
    const char* between = as_list ? "[\n" : "";
    for (const auto& r : reports) {
      out << between << r;
      between = as_list ? ",\n" : "";
    }
    if (as_list)
      out << (reports.empty() ? "[]\n" : "]\n");
    out.flush();
    if (!out)
      return outside_error(
          ec::io, fmt::format("the report could not be written to {}: {}", file, std::strerror(errno)));
  }
  std::error_code failed;
  std::filesystem::rename(temporary, file, failed);
  if (failed)
    return outside_error(ec::io,
                         fmt::format("the report could not be written to {}: {}", file, failed.message()));
  return {};
}

expected<void> check_report_place(const std::string& option, const std::string& file, bool replaced) {
  const auto wrong = [&](const std::string& why) {
    return user_error(ec::io, fmt::format("{} {}: {}; expected the name of a file in a folder that can be "
                                          "written to",
                                          option, file, why));
  };
  struct stat there {};
  const bool is_there = ::stat(file.c_str(), &there) == 0;
  if (is_there && S_ISDIR(there.st_mode))
    return wrong("it is a folder");
  if (is_there && replaced && !S_ISREG(there.st_mode))
    return wrong("it is there and is no regular file");
  if (is_there && !replaced)
    return ::access(file.c_str(), W_OK) == 0 ? expected<void>() : wrong(std::strerror(errno));
  const auto temporary = temporary_of(file);
  const bool was_there = ::access(temporary.c_str(), F_OK) == 0;
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
  if (fd < 0)
    return wrong(std::strerror(errno));
  ::close(fd);
  if (!was_there)
    ::unlink(temporary.c_str());
  return {};
}

}  // namespace millrace::cli
