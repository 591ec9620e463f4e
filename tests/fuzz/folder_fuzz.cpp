// A state folder over several processes, on a file system in memory, with files damaged in between: values and
// the finished mark are as they were left. One damaged file costs nothing of them;
// more damage is told with the remedy, or costs what was newest.
#include "runtime/snapshot/dir_store.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <algorithm>
#include <fuzzer/FuzzedDataProvider.h>
#include <map>

namespace {

using namespace millrace;
using namespace millrace::snapshot;
using fuzz::require;

constexpr int most_steps = 40;

class processes {
public:
  explicit processes(FuzzedDataProvider& in) : in_(in) { require(open({}), "a new folder opens"); }

  void run() {
    for (int step = 0; step < most_steps && in_.remaining_bytes() > 0; ++step)
      switch (in_.ConsumeIntegralInRange<int>(0, 5)) {
      case 0:
        if (!damage_and_open())
          return;
        break;
      case 1:
        require(open({}), "a folder opens again");
        check();
        break;
      case 2:
        start_over();
        break;
      case 3:
        require(store_->mark_finished().has_value(), "a state is finished");
        finished_ = true;
        break;
      default:
        put();
      }
  }

private:
  bool open(open_options options) {
    store_.reset();
    options.folder = "/state";
    options.topology = "clicks";
    auto opened = open_dir_store(options, files_);
    if (!opened) {
      require(opened.error().code == ec::corrupt, "what cannot be read is told: " + opened.error().message);
      return false;
    }
    store_ = std::move(*opened);
    return true;
  }

  void start_over() {
    const auto blank = in_.ConsumeBool();
    if (!blank) {
      require(open({.fresh = true}), "a folder starts over");
    } else {
      store_.reset();
      auto opened = open_blank_dir_store({"/state", "clicks"}, files_);
      require(opened.has_value(), "a state becomes blank");
      store_ = std::move(*opened);
    }
    values_.clear();
    finished_ = finished_ && blank;
    check();
  }

  void put() {
    const auto name = in_.ConsumeRandomLengthString(1);
    const auto value = in_.ConsumeRandomLengthString(20);
    require(store_->put(name, value).has_value(), "a value is put");
    values_.insert_or_assign(name, value);
  }

  void check() const {
    for (const auto& [name, value] : values_)
      require(store_->get(name) == value, "a value is as it was put");
    require(store_->id().finished == finished_, "the finished mark stays");
  }

  /// False where more is gone than can be survived: what comes back then may be older.
  bool damage_and_open() {
    store_.reset();
    const auto names = files_.all_files("/state");
    const auto count = in_.ConsumeIntegralInRange<std::size_t>(1, 3);
    for (std::size_t i = 0; i < count; ++i)
      harm(names[in_.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)]);
    if (count == 1 && has_reserve_) {
      require(open({}), "one damaged file can be survived");
      check();
      has_reserve_ = false;  // a damaged base is replaced by the next one: until then there is no other
      return true;
    }
    (void)open({});
    return false;
  }

  void harm(const std::string& name) {
    const auto all = files_.all_files("/state");
    if (std::find(all.begin(), all.end(), name) == all.end())
      return;
    auto bytes = files_.contents(name);
    switch (bytes.empty() ? 0 : in_.ConsumeIntegralInRange<int>(0, 2)) {
    case 0:
      return files_.lose_file(name);
    case 1:
      return files_.put(name, bytes.substr(0, in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)));
    default:
      auto& byte = bytes[in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)];
      byte = static_cast<char>(byte ^ in_.ConsumeIntegralInRange<int>(1, 255));
      files_.put(name, bytes);
    }
  }

  FuzzedDataProvider& in_;
  snapshot::test::faulty_file_system files_;
  std::unique_ptr<state_store> store_;
  std::map<std::string, std::string> values_;
  bool finished_ = false;
  bool has_reserve_ = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  processes(in).run();
  return 0;
}
