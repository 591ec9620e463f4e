// A shard's snapshots over several lives, on a file system in memory, with files damaged in between: what is
// loaded is what was appended. One damaged file costs the newest increment at most, and that only where it
// was not kept twice; more damage is told, or costs no more (several files that are gone may take a newer end
// with them). A second half reads folders of files that no writer has written together.
#include "runtime/snapshot/run_files.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/snapshot/dir_snapshots.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <algorithm>
#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::snapshot;
using fuzz::require;
using snapshot::test::open_dir_snapshots;

const std::string folder = "/snapshots";
const std::string actor = "counts/0/3";
constexpr int most_steps = 40;

/// A base is the increments that it replaces, one after another: a byte each, and never 0.
expected<std::string> merge(const snapshots::chain& c) {
  auto base = c.base;
  for (const auto& i : c.increments)
    base += i;
  return base;
}

class lives {
public:
  explicit lives(FuzzedDataProvider& in) : in_(in) {
    static_cast<void>(files_.make_folder(folder));
    require(open(), "a new folder opens");
  }

  void run() {
    for (int step = 0; step < most_steps && in_.remaining_bytes() > 0; ++step)
      switch (in_.ConsumeIntegralInRange<int>(0, 7)) {
      case 0:
        if (!damage_and_open())
          return;
        break;
      case 1:
        require(open() && all_ == loaded_, "nothing is lost without damage");
        break;
      case 2:
        compact();
        break;
      default:
        append();
      }
  }

private:
  bool open() {
    store_.reset();
    auto opened =
        open_dir_snapshots(files_, folder, actor, ++life_, {.smallest_base = 4, .most_increments = 5});
    if (!opened) {
      require(opened.error().code == ec::corrupt, "what cannot be read is told: " + opened.error().message);
      return false;
    }
    store_ = std::move(*opened);
    const auto chain = store_->load();
    require(chain.has_value(), "what was opened can be loaded");
    loaded_ = *merge(*chain);
    return true;
  }

  void append() {
    const bool twice = in_.ConsumeBool();
    const std::string increment(1, static_cast<char>(in_.ConsumeIntegralInRange<int>(1, 100)));
    require(store_->append(increment, twice).has_value(), "an append succeeds");
    all_ += increment;
    // A later increment makes it safe: it is not the newest any more. So do two copies.
    safe_ = twice ? all_.size() : all_.size() - 1;
  }

  void compact() {
    const auto made = store_->compact(merge);
    require(made.has_value(), "a merge succeeds");
    has_reserve_ = has_reserve_ || *made;
  }

  /// Returns false where more is gone than can be survived.
  bool damage_and_open() {
    store_.reset();
    const auto names = files_.all_files(folder);
    const auto count = in_.ConsumeIntegralInRange<std::size_t>(1, 3);
    is_missing_ = false;
    for (std::size_t i = 0; i < count; ++i)
      harm(names[in_.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)]);
    if (!open()) {
      require(count > 1 || !has_reserve_, "one damaged file can be survived");
      return false;
    }
    require(all_.starts_with(loaded_), "what comes back is the beginning of what was appended");
    // Several files that are not there any more, or were cut, leave no trace: a newer end of the chain may be
    // gone with them.
    require(loaded_.size() + 1 >= all_.size() || (count > 1 && is_missing_),
            "what comes back is all, or all but the newest increment");
    require(count > 1 || !has_reserve_ || loaded_.size() >= safe_,
            "what was kept twice is not lost with one file");
    all_ = loaded_;
    safe_ = all_.size();
    has_reserve_ = false;
    return true;
  }

  void harm(const std::string& name) {
    const auto all = files_.all_files(folder);
    if (std::find(all.begin(), all.end(), name) == all.end())
      return;
    auto bytes = files_.contents(name);
    switch (in_.ConsumeIntegralInRange<int>(0, 2)) {
    case 0:
      is_missing_ = true;
      return files_.lose_file(name);
    case 1:
      is_missing_ = true;  // a cut at the end of a record leaves no trace
      if (bytes.empty())
        return;
      return files_.put(name, bytes.substr(0, in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)));
    default:
      if (bytes.empty())
        return;
      auto& byte = bytes[in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)];
      byte = static_cast<char>(byte ^ in_.ConsumeIntegralInRange<int>(1, 255));
      files_.put(name, bytes);
    }
  }

  FuzzedDataProvider& in_;
  snapshot::test::faulty_file_system files_;
  std::unique_ptr<snapshots> store_;
  incarnation life_ = 0;
  std::string all_;
  std::string loaded_;
  std::size_t safe_ = 0;
  bool is_missing_ = false;
  bool has_reserve_ = true;  // a damaged base is replaced by the next one: until then there is no other
};

/// Records that are whole each for itself, with any links and names.
void strange_folder(FuzzedDataProvider& in) {
  snapshot::test::faulty_file_system files;
  static_cast<void>(files.make_folder(folder));
  std::uint64_t checksum = 0;
  for (auto n = in.ConsumeIntegralInRange<int>(0, 8); n > 0; --n) {
    record r;
    r.kind = in.PickValueInArray({record_kind::base, record_kind::increment, record_kind::opening});
    r.copies = in.ConsumeIntegralInRange<std::uint8_t>(0, 3);
    r.sequence = in.ConsumeIntegralInRange<std::uint64_t>(0, 9);
    r.life = in.ConsumeIntegralInRange<std::uint64_t>(0, 9);
    r.predecessor = in.ConsumeBool() ? r.sequence - 1 : in.ConsumeIntegralInRange<std::uint64_t>(0, 9);
    r.predecessor_checksum = in.ConsumeBool() ? checksum : 0;
    r.payload = in.ConsumeRandomLengthString(4);
    const auto header = seal(r, actor, r.payload);
    checksum = header.checksum;
    const auto part =
        in.PickValueInArray({run_part::original, run_part::copy, run_part::sealed, run_part::mended});
    files.put(folder + "/" + run_file(r.sequence + in.ConsumeBool(), part),
              std::string(bytes_of(header)) + actor + r.payload);
  }
  auto opened = open_dir_snapshots(files, folder, actor, 20);
  if (!opened)
    return;
  const auto first = (*opened)->load();
  require(first.has_value() && (*opened)->append("x", true).has_value(), "a chain that opens goes on");
  opened->reset();
  const auto again = open_dir_snapshots(files, folder, actor, 21);
  require(again.has_value(), "a chain that has gone on opens again");
  const auto second = (*again)->load();
  require(second.has_value() && *merge(*second) == *merge(*first) + "x", "a chain that goes on holds both");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  if (in.ConsumeBool())
    strange_folder(in);
  else
    lives(in).run();
  return 0;
}
