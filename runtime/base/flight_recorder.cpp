#include "runtime/base/flight_recorder.hpp"

#include "runtime/base/guarded_file.hpp"
#include "runtime/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <limits>
#include <new>
#include <string_view>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <type_traits>
#include <unistd.h>

namespace millrace {
namespace {

constexpr std::array<char, 8> magic{'M', 'R', 'F', 'L', 'I', 'G', 'H', 'T'};
constexpr std::uint32_t format_version = 2;
/// Threads beyond this number are not noted.
constexpr std::size_t most_threads = 256;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_log = 511;
/// A handler needs little, and a thread whose stack has run out has nothing else.
constexpr std::size_t handler_stack = 32U << 10U;
constexpr std::array crash_signals{SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};

enum class stage : std::uint32_t { idle, working, with_records };

template<std::size_t Most>
struct short_text {
  std::uint32_t size = 0;
  std::array<char, Most + 1> bytes{};

  bool set(std::string_view text) {
    if (text.size() > Most)
      return false;
    size = static_cast<std::uint32_t>(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return true;
  }
  [[nodiscard]] std::string_view view() const { return {bytes.data(), std::min<std::size_t>(size, Most)}; }
  [[nodiscard]] std::string get() const { return std::string(view()); }
};

/// Stores become visible in their order, so that a reader after the end sees what `is` says.
struct slot {
  std::atomic<std::uint32_t> is_taken;
  std::atomic<std::uint32_t> is;  // a stage
  std::atomic<std::uint32_t> signal;
  std::uint32_t has_record, is_cutting, was_taken_before;
  std::uint64_t process;
  std::atomic<std::int64_t> since;  // milliseconds of the monotonic clock, of the call that works
  std::uint64_t records;
  position from, to, record;
  short_text<longest_name> topology, actor;
  short_text<longest_log> log;

  void enter(stage s) { is.store(static_cast<std::uint32_t>(s), std::memory_order_release); }
  bool note(const attempt& a) {
    if (!log.set(a.log))
      return false;
    from = a.from;
    to = a.to;
    records = a.records;
    record = a.record.value_or(position());
    has_record = a.record ? 1 : 0;
    is_cutting = a.cutting ? 1 : 0;
    was_taken_before = a.taken_before ? 1 : 0;
    return true;
  }
  [[nodiscard]] last_work get() const {
    last_work out{topology.get(), actor.get(), process, signal, std::nullopt};
    if (is == static_cast<std::uint32_t>(stage::with_records))
      out.records = attempt{log.get(),
                            from,
                            to,
                            records,
                            has_record != 0 ? std::optional(record) : std::nullopt,
                            is_cutting != 0,
                            was_taken_before != 0};
    return out;
  }
  void set(const last_work& w) {
    topology.set(w.topology);
    actor.set(w.actor);
    process = w.process;
    signal = w.signal;
    enter(w.records && note(*w.records) ? stage::with_records : stage::working);
  }
};

struct whole_file {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t has_ended;  // the process has ended in order
  std::uint64_t process;
  std::array<slot, flight_recorder::most_kept> kept;  // the slots with a stage
  std::array<slot, most_threads> threads;
};
static_assert(std::is_standard_layout_v<whole_file> && std::atomic<std::uint32_t>::is_always_lock_free);

std::atomic<whole_file*> recording{nullptr};

constexpr auto never = std::numeric_limits<std::int64_t>::max();

std::int64_t monotonic_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

constinit thread_local slot* mine = nullptr;

/// A thread has its slot, and a stack for the handler, until it ends.
class lease {
public:
  lease() = default;
  ~lease() {
    release();
    if (stack_) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      sigaltstack(&none, nullptr);
    }
  }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;

  slot* in(whole_file* file) {
    if (file_ != file) {
      release();
      file_ = file;
      take();
    }
    return mine;
  }

private:
  void take() {
    if (file_ == nullptr)
      return;
    for (auto& s : file_->threads) {
      std::uint32_t is_free = 0;
      if (!s.is_taken.compare_exchange_strong(is_free, 1))
        continue;
      s.process = file_->process;
      mine = &s;
      return give_stack();
    }
  }
  void release() {
    if (mine == nullptr)
      return;
    mine->enter(stage::idle);
    mine->is_taken = 0;
    mine = nullptr;
  }
  void give_stack() {
    stack_t now{};
    if (stack_ || sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
      return;
    stack_ = std::make_unique<std::array<char, handler_stack>>();
    now = {};
    now.ss_sp = stack_->data();
    now.ss_size = stack_->size();
    sigaltstack(&now, nullptr);
  }

  whole_file* file_ = nullptr;
  std::unique_ptr<std::array<char, handler_stack>> stack_;
};

slot* slot_of_thread() {
  thread_local lease held;
  return held.in(recording.load(std::memory_order_acquire));
}

std::array<struct sigaction, crash_signals.size()> handlers_before;

/// Async-signal-safe. The former handler comes next: by the fault, which comes again, or by the signal.
void on_crash(int number, siginfo_t* what, void*) {
  const bool is_own_doing = what->si_code > 0 || what->si_pid == getpid();
  if (is_own_doing && mine != nullptr && recording.load() != nullptr)
    mine->signal.store(static_cast<std::uint32_t>(number));
  for (std::size_t i = 0; i < crash_signals.size(); ++i)
    if (crash_signals[i] == number)
      sigaction(number, &handlers_before[i], nullptr);
  if (what->si_code <= 0)
    raise(number);
}

void watch_crashes() {
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (std::size_t i = 0; i < crash_signals.size(); ++i) {
    struct sigaction before {};
    sigaction(crash_signals[i], &action, &before);
    if (before.sa_sigaction != on_crash)
      handlers_before[i] = before;
  }
}

bool is_whole(const whole_file& f) { return f.magic == magic && f.version == format_version; }

std::vector<last_work> read(const whole_file& f) {
  std::vector<last_work> out;
  if (!is_whole(f))
    return out;
  const auto add = [&out](const slot& s) {
    const auto is = s.is.load();
    if (is == static_cast<std::uint32_t>(stage::working) ||
        is == static_cast<std::uint32_t>(stage::with_records))
      out.push_back(s.get());
  };
  for (const auto& s : f.kept)
    add(s);
  if (f.has_ended != 0)
    return out;
  const auto earlier = out.size();
  for (const auto& s : f.threads)
    add(s);
  const auto own = out.begin() + static_cast<std::ptrdiff_t>(earlier);
  const auto has_crashed = [](const last_work& w) { return w.signal != 0; };
  if (std::any_of(own, out.end(), has_crashed))
    out.erase(std::remove_if(own, out.end(), std::not_fn(has_crashed)), out.end());
  if (out.size() > flight_recorder::most_kept)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(flight_recorder::most_kept));
  return out;
}

unexpected cannot(const std::string& path, const std::string& why) {
  return outside_error(ec::io, fmt::format("{}: {}", path, why));
}

}  // namespace

expected<std::unique_ptr<flight_recorder>> flight_recorder::open(const std::string& path) {
  const auto file = open_guarded(path, O_RDWR | O_CREAT, private_file);
  if (file.refusal != file_refusal::none)
    return cannot(path, text_of(file.refusal, path));
  if (file.fd < 0)
    return cannot(path, std::generic_category().message(file.error));
  if (flock(file.fd, LOCK_EX | LOCK_NB) != 0) {
    close(file.fd);
    return cannot(path, "another process of this folder writes it");
  }
  // A page that the disk has no room for would end the process when it is written to.
  const auto failed = posix_fallocate(file.fd, 0, sizeof(whole_file));
  auto* const at = failed != 0
                       ? MAP_FAILED
                       : mmap(nullptr, sizeof(whole_file), PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
  if (at == MAP_FAILED) {
    const auto why = std::generic_category().message(failed != 0 ? failed : errno);
    close(file.fd);
    return cannot(path, why);
  }
  auto* const f = std::launder(static_cast<whole_file*>(at));
  auto told = read(*f);
  std::memset(at, 0, sizeof(whole_file));
  f->version = format_version;
  f->process = random_bits();
  std::unique_ptr<flight_recorder> out(new flight_recorder(f, file.fd, std::move(told)));
  out->keep(out->told_);
  f->magic = magic;
  watch_crashes();
  recording = f;
  return out;
}

/// The mapping stays: a thread may be at work still.
flight_recorder::~flight_recorder() {
  static_cast<whole_file*>(file_)->has_ended = 1;
  recording = nullptr;
  flock(fd_, LOCK_UN);  // the mapping has the file open
  close(fd_);
}

void flight_recorder::keep(const std::vector<last_work>& what) const {
  auto& kept = static_cast<whole_file*>(file_)->kept;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (i < what.size())
      kept[i].set(what[i]);
    else
      kept[i].enter(stage::idle);
}

void flight_recorder::forget() {
  told_.clear();
  keep(told_);
}

at_work::at_work(const std::string& topology, const std::string& actor) {
  auto* const s = slot_of_thread();
  slot_ = s;
  if (s != nullptr && s->topology.set(topology) && s->actor.set(actor)) {
    s->since.store(monotonic_ms(), std::memory_order_relaxed);
    s->enter(stage::working);
  }
}

at_work::~at_work() {
  if (slot_ != nullptr)
    static_cast<slot*>(slot_)->enter(stage::idle);
}

in_hand::in_hand(const attempt& a, bool waits) : slot_(mine) {
  if (mine != nullptr && waits)
    mine->since.store(never, std::memory_order_relaxed);
  if (mine != nullptr && mine->is == static_cast<std::uint32_t>(stage::working) && mine->note(a))
    mine->enter(stage::with_records);
  else
    slot_ = nullptr;
}

in_hand::~in_hand() {
  if (slot_ != nullptr)
    static_cast<slot*>(slot_)->enter(stage::working);
}

std::optional<long_work> work_for(std::chrono::milliseconds at_least) {
  const auto* const f = recording.load(std::memory_order_acquire);
  if (f == nullptr)
    return std::nullopt;
  const auto latest = monotonic_ms() - at_least.count();
  for (const auto& s : f->threads)
    if (s.is.load(std::memory_order_acquire) == static_cast<std::uint32_t>(stage::with_records) &&
        s.since.load(std::memory_order_relaxed) <= latest)
      return long_work{s.topology.view(), s.actor.view(), s.log.view()};
  return std::nullopt;
}

}  // namespace millrace
