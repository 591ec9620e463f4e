#include "actors/observe/process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace millrace::observe {
namespace {

std::string text_of(const char* path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::optional<double> boot_time(const std::string& machine) {
  constexpr std::string_view key = "btime ";
  const auto at = machine.find(key);
  if (at == std::string::npos)
    return std::nullopt;
  std::istringstream in(machine.substr(at + key.size()));
  double out = 0;
  return in >> out ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<process_figures> read_process_stat(const std::string& process, const std::string& machine,
                                                 const kernel_units& units) {
  // The second field is the program's name in parentheses, which may hold anything.
  const auto name_end = process.rfind(')');
  const auto booted = boot_time(machine);
  if (name_end == std::string::npos || !booted)
    return std::nullopt;
  std::istringstream in(process.substr(name_end + 1));
  process_figures out;
  std::string passed;
  const auto pass = [&](int fields) {
    for (int i = 0; i < fields; ++i)
      in >> passed;
  };
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  std::uint64_t started = 0;
  std::uint64_t pages = 0;
  pass(11);  // state to cmajflt: fields 3 to 13 of proc(5)
  in >> user >> system;
  pass(4);  // cutime to nice
  in >> out.threads;
  pass(1);  // itrealvalue
  in >> started >> out.virtual_bytes >> pages;
  if (!in)
    return std::nullopt;
  const auto ticks = static_cast<double>(units.ticks_a_second);
  out.cpu_seconds = static_cast<double>(user + system) / ticks;
  out.start_seconds = *booted + static_cast<double>(started) / ticks;
  out.resident_bytes = pages * units.page_bytes;
  return out;
}

std::optional<process_figures> figures_of_process() {
  auto out = read_process_stat(text_of("/proc/self/stat"), text_of("/proc/stat"),
                               {static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)),
                                static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))});
  if (!out)
    return std::nullopt;
  std::uint64_t pages = 0;
  std::uint64_t shared = 0;
  if (std::ifstream("/proc/self/statm") >> pages >> pages >> shared && shared <= pages)
    out->anonymous_bytes = (pages - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::error_code bad;
  for (std::filesystem::directory_iterator at("/proc/self/fd", bad), end; !bad && at != end;
       at.increment(bad))
    ++out->open_files;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    out->most_files = limit.rlim_cur;
  return out;
}

}  // namespace millrace::observe
