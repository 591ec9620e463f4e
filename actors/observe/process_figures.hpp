// The kernel's figures of this process: CPU, memory, threads, open files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::observe {

struct process_figures {
  double cpu_seconds = 0;
  std::uint64_t threads = 0;
  double start_seconds = 0;  // seconds since 1970
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t anonymous_bytes = 0;  // resident, of no file and not shared
  std::uint64_t open_files = 0;
  std::uint64_t most_files = 0;
};

struct kernel_units {
  std::uint64_t ticks_a_second = 100;
  std::uint64_t page_bytes = 4096;
};

/// Reads the text of /proc/PID/stat and the line `btime` of /proc/stat; nothing where they say something else.
[[nodiscard]] std::optional<process_figures>
read_process_stat(const std::string& process, const std::string& machine, const kernel_units& units);
/// Reads the figures of this process now; no value where the kernel does not tell.
[[nodiscard]] std::optional<process_figures> figures_of_process();

}  // namespace millrace::observe
