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
#include <utility>

namespace millrace {
namespace {

constexpr std::array<char, 8> magic{'M', 'R', 'F', 'L', 'I', 'G', 'H', 'T'};
constexpr std::uint32_t format_version = 3;
constexpr auto most_threads = flight_recorder::most_threads;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_log = 511;
/// A handler needs little, and a thread whose stack has run out has nothing else.
constexpr std::size_t handler_stack = 32U << 10U;
/// The scribe looks so often while it finds records in hand, and else.
constexpr std::chrono::milliseconds while_at_work{5}, while_idle{100};
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

/// The work of one thread.
struct note {
  std::uint32_t is = 0;  // a stage
  std::uint32_t signal = 0;
  std::uint32_t has_record = 0, is_cutting = 0, was_taken_before = 0, unused = 0;
  std::uint64_t process = 0;
  std::uint64_t records = 0;
  position from, to, record;
  short_text<longest_name> topology, actor;
  short_text<longest_log> log;

  void enter(stage s) { is = static_cast<std::uint32_t>(s); }
  bool set(const attempt& a) {
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
    enter(w.records && set(*w.records) ? stage::with_records : stage::working);
  }
};
static_assert(std::is_trivially_copyable_v<note>);

/// A store to it may wait for the disk.
struct whole_file {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t has_ended;  // the process has ended in order
  std::uint64_t process;
  std::array<note, flight_recorder::most_kept> kept;  // those with a stage
  std::array<note, most_threads> threads;
};
static_assert(std::is_standard_layout_v<whole_file>);

/// The work of a thread as it writes it: in memory alone, so that no actor waits for the disk of the file.
struct slot {
  std::mutex lock;  // of `now`, which its thread writes, and the scribe reads
  note now;         // without `is` and `signal`
  std::atomic<std::uint32_t> is_taken = 0;
  std::atomic<std::uint32_t> is = 0;  // a stage
  std::atomic<std::uint32_t> signal = 0;
  std::atomic<std::uint32_t> turns = 0;  // changes with each new work
  std::atomic<std::int64_t> since = 0;   // milliseconds of the monotonic clock, of the call that works

  void enter(stage s) { is.store(static_cast<std::uint32_t>(s), std::memory_order_release); }
  [[nodiscard]] bool is_at(stage s) const {
    return is.load(std::memory_order_acquire) == static_cast<std::uint32_t>(s);
  }
  /// Its own thread alone calls these two.
  bool begin(const std::string& topology, const std::string& actor) {
    const std::lock_guard guard(lock);
    turns.fetch_add(1, std::memory_order_relaxed);
    return now.topology.set(topology) && now.actor.set(actor);
  }
  bool take(const attempt& a) {
    const std::lock_guard guard(lock);
    turns.fetch_add(1, std::memory_order_relaxed);
    return now.set(a);
  }
  /// The caller has the lock, or is its thread.
  [[nodiscard]] note whole(std::uint64_t process) const {
    auto out = now;
    out.process = process;
    out.signal = signal;
    out.is = is;
    return out;
  }
};

/// The process has one set of them, since a thread may be at work before and after a recorder is open.
std::array<slot, most_threads> slots;
/// Slots from this number on were never taken.
std::atomic<std::size_t> slots_used{0};

/// Whoever reads the file finds all of the note or none of it, wherever the process has ended.
void put(note& to, note what) {
  const std::atomic_ref shown(to.is);
  const auto is = std::exchange(what.is, static_cast<std::uint32_t>(stage::idle));
  // An exchange, unlike a store, keeps what follows behind it; ThreadSanitizer knows no fences.
  shown.exchange(what.is, std::memory_order_acq_rel);
  to = what;
  shown.store(is, std::memory_order_release);
}

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
  lease() { take(); }
  ~lease() {
    if (mine != nullptr) {
      mine->enter(stage::idle);
      std::exchange(mine, nullptr)->is_taken = 0;
    }
    if (stack_) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      sigaltstack(&none, nullptr);
    }
  }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;

private:
  void take() {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      std::uint32_t is_free = 0;
      if (!slots[i].is_taken.compare_exchange_strong(is_free, 1))
        continue;
      for (auto used = slots_used.load(); used <= i && !slots_used.compare_exchange_weak(used, i + 1);) {
      }
      mine = &slots[i];
      return give_stack();
    }
  }
  void give_stack() {
    stack_t now{};
    if (sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
      return;
    stack_ = std::make_unique<std::array<char, handler_stack>>();
    now = {};
    now.ss_sp = stack_->data();
    now.ss_size = stack_->size();
    sigaltstack(&now, nullptr);
  }

  std::unique_ptr<std::array<char, handler_stack>> stack_;
};

/// The slot of the calling thread; none where no recorder is open, or too many threads are at work.
slot* slot_of_thread() {
  if (recording.load(std::memory_order_acquire) == nullptr)
    return nullptr;
  thread_local const lease held;
  return mine;
}

/// The scribe writes into the file, or the handler after a crash does; the handler never waits for long.
std::atomic<bool> has_crashed{false};
std::atomic<bool> scribe_writes{false};

void stop_scribe() {
  constexpr timespec moment{0, 100'000};
  has_crashed = true;
  for (int i = 0; i < 1'000 && scribe_writes; ++i)
    nanosleep(&moment, nullptr);
}

std::array<struct sigaction, crash_signals.size()> handlers_before;

/// Async-signal-safe. The former handler comes next: by the fault, which comes again, or by the signal.
void on_crash(int number, siginfo_t* what, void*) {
  const bool is_own_doing = what->si_code > 0 || what->si_pid == getpid();
  auto* const file = recording.load();
  if (is_own_doing && mine != nullptr && file != nullptr) {
    mine->signal.store(static_cast<std::uint32_t>(number));
    stop_scribe();
    put(file->threads[static_cast<std::size_t>(mine - slots.data())], mine->whole(file->process));
  }
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
  const auto add = [&out](const note& n) {
    if (n.is == static_cast<std::uint32_t>(stage::working) ||
        n.is == static_cast<std::uint32_t>(stage::with_records))
      out.push_back(n.get());
  };
  for (const auto& n : f.kept)
    add(n);
  if (f.has_ended != 0)
    return out;
  const auto earlier = out.size();
  for (const auto& n : f.threads)
    add(n);
  const auto own = out.begin() + static_cast<std::ptrdiff_t>(earlier);
  const auto has_crashed = [](const last_work& w) { return w.signal != 0; };
  if (std::any_of(own, out.end(), has_crashed))
    out.erase(std::remove_if(own, out.end(), std::not_fn(has_crashed)), out.end());
  if (out.size() > flight_recorder::most_kept)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(flight_recorder::most_kept));
  return out;
}

void keep(whole_file& in, const std::vector<last_work>& what) {
  for (std::size_t i = 0; i < in.kept.size(); ++i) {
    note one;
    if (i < what.size())
      one.set(what[i]);
    put(in.kept[i], one);
  }
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
  keep(*f, told);
  f->magic = magic;
  watch_crashes();
  has_crashed = false;
  recording = f;
  return std::unique_ptr<flight_recorder>(new flight_recorder(f, file.fd, std::move(told)));
}

flight_recorder::flight_recorder(void* file, int fd, std::vector<last_work> told)
    : file_(file), fd_(fd), told_(std::move(told)), scribe_([this] { keep_up(); }) {}

/// The mapping stays: a thread that crashes may write to it still.
flight_recorder::~flight_recorder() {
  recording = nullptr;
  {
    const std::lock_guard guard(lock_);
    is_over_ = true;
  }
  over_.notify_one();
  scribe_.join();
  static_cast<whole_file*>(file_)->has_ended = 1;
  flock(fd_, LOCK_UN);  // the mapping has the file open
  close(fd_);
}

void flight_recorder::keep_up() {
  std::unique_lock guard(lock_);
  while (!is_over_) {
    const auto pause = write() ? while_at_work : while_idle;
    over_.wait_for(guard, pause, [this] { return is_over_; });
  }
}

bool flight_recorder::write() {
  auto& to = *static_cast<whole_file*>(file_);
  bool any = false;
  for (std::size_t i = 0; i < slots_used; ++i) {
    auto& s = slots[i];
    std::unique_lock guard(s.lock);
    const auto turn = s.turns.load(std::memory_order_relaxed);
    const auto what = s.whole(to.process);
    guard.unlock();
    any = any || what.is == static_cast<std::uint32_t>(stage::with_records);
    if (written_[i] == std::pair(turn, what.is))
      continue;
    scribe_writes = true;
    if (!has_crashed)
      put(to.threads[i], what);
    scribe_writes = false;
    written_[i] = {turn, what.is};
  }
  return any;
}

void flight_recorder::forget() {
  told_.clear();
  keep(*static_cast<whole_file*>(file_), told_);
}

at_work::at_work(const std::string& topology, const std::string& actor) {
  auto* const s = slot_of_thread();
  slot_ = s;
  if (s != nullptr && s->begin(topology, actor)) {
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
  if (mine != nullptr && mine->is_at(stage::working) && mine->take(a))
    mine->enter(stage::with_records);
  else
    slot_ = nullptr;
}

in_hand::~in_hand() {
  if (slot_ != nullptr)
    static_cast<slot*>(slot_)->enter(stage::working);
}

std::optional<long_work> work_for(std::chrono::milliseconds at_least) {
  const auto latest = monotonic_ms() - at_least.count();
  for (const auto& s : slots)
    if (s.is_at(stage::with_records) && s.since.load(std::memory_order_relaxed) <= latest)
      return long_work{s.now.topology.view(), s.now.actor.view(), s.now.log.view()};
  return std::nullopt;
}

}  // namespace millrace
