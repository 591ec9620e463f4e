// A store in a folder is opened several times, on a file system in memory, and files are damaged in between. All that
// was appended or spilled is found where nothing was damaged; after damage a chain has the beginning of what it
// had, or is told as damaged.
#include "actors/node/stores/dir_chain_store.hpp"
#include "runtime/chain/rules.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <algorithm>
#include <array>
#include <fuzzer/FuzzedDataProvider.h>
#include <map>

namespace {

using namespace millrace;
using fuzz::require;

constexpr int most_steps = 40;
const std::string folder = "/store";

/// A chain as the process has it open, and a byte for each record that was appended, never 0.
struct kept_chain {
  cluster::actor_id whose;
  node::opened_chain chain = nullptr;
  std::string all = {};
};

class processes {
public:
  explicit processes(FuzzedDataProvider& in) : in_(in) { open_all(); }

  void run() {
    for (int step = 0; step < most_steps && in_.remaining_bytes() > 0; ++step)
      switch (in_.ConsumeIntegralInRange<int>(0, 7)) {
      case 0:
        damage();
        if (!open_all())
          return;
        break;
      case 1:
        open_all();
        break;
      case 2: {
        auto& kept = any();
        require(kept.chain->append_base(kept.all).value_or(false), "a base is appended");
        break;
      }
      case 3: {
        const segment_id id{term_, ++pieces_};
        const auto rows = in_.ConsumeRandomLengthString(20);
        require(segments_->write(id, rows).has_value(), "output is spilled");
        spilled_.emplace(id, rows);
        break;
      }
      default: {
        auto& kept = any();
        const std::string record(1, static_cast<char>(in_.ConsumeIntegralInRange<int>(1, 100)));
        require(kept.chain->append(record, in_.ConsumeBool()).has_value(), "a record is appended");
        kept.all += record;
      }
      }
  }

private:
  kept_chain& any() { return chains_[in_.ConsumeIntegralInRange<std::size_t>(0, chains_.size() - 1)]; }

  /// Returns whether it was read. An error is damage that is told.
  template<class T>
  bool is_there(const expected<T>& read) const {
    require(read || (is_damaged_ && read.error().code == ec::corrupt),
            read ? "" : "what is whole is read: " + read.error().message);
    return read.has_value();
  }

  /// Returns false where more is damaged than can be survived.
  bool open_all() {
    segments_.reset();
    term_ += in_.ConsumeBool() ? 1 : 0;
    for (auto& kept : chains_) {
      kept.chain.reset();
      const auto seen = store_.look(kept.whose);
      auto opened = !seen ? expected<node::opened_chain>(tl::unexpected(seen.error()))
                    : kept.whose.topology.empty()
                        ? store_.open_chosen(kept.whose, chain::chosen_above(seen->highest, 7))
                        : store_.open(kept.whose, {term_, 0});
      if (!is_there(opened))
        return false;
      kept.chain = std::move(*opened);
      const auto found = text_of(kept.chain->read());
      require(found == text_of(seen.map([](const auto& s) { return s.contents; })),
              "an opening finds what a look has found");
      require(is_damaged_ ? kept.all.starts_with(found) : kept.all == found,
              "a chain has what was appended, or its beginning");
      kept.all = found;
    }
    check_spilled();
    is_damaged_ = false;
    return true;
  }

  static std::string text_of(const expected<chain::contents>& read) {
    require(read.has_value(), "what was opened is read");
    auto all = read->base;
    for (const auto& i : read->increments)
      all += i;
    return all;
  }

  void check_spilled() {
    std::vector<segment_id> needed;
    std::erase_if(spilled_, [&](const auto& s) {
      const auto found = store_.read_segment(spiller_, s.first);
      const bool is_lost = is_damaged_ && !found && found.error().code == ec::not_found;
      if (is_lost || !is_there(found))
        return true;
      require(*found == s.second, "spilled output is as it was written");
      needed.push_back(s.first);
      return false;
    });
    auto opened = store_.open_segments(spiller_, term_, needed);
    require(opened.has_value(), "spilled output is opened");
    segments_ = std::move(*opened);
  }

  void damage() {
    is_damaged_ = true;
    for (auto n = in_.ConsumeIntegralInRange<int>(1, 3); n > 0; --n) {
      const auto names = files_.all_files(folder);
      const auto& name = names[in_.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)];
      auto bytes = files_.contents(name);
      switch (bytes.empty() ? 0 : in_.ConsumeIntegralInRange<int>(0, 2)) {
      case 0:
        files_.lose_file(name);
        break;
      case 1:
        files_.put(name, bytes.substr(0, in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)));
        break;
      default:
        auto& byte = bytes[in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)];
        byte = static_cast<char>(byte ^ in_.ConsumeIntegralInRange<int>(1, 255));
        files_.put(name, bytes);
      }
    }
  }

  FuzzedDataProvider& in_;
  snapshot::test::faulty_file_system files_;
  node::dir_chain_store store_{files_, folder};
  cluster::actor_id spiller_{"clicks", "counts/0"};
  std::array<kept_chain, 3> chains_{{{node::control_of_cluster()}, {spiller_}, {{"clicks", "value:plan"}}}};
  std::unique_ptr<snapshot::segments> segments_;
  std::map<segment_id, std::string> spilled_;
  std::uint64_t pieces_ = 0;
  incarnation term_ = 1;
  bool is_damaged_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  processes(in).run();
  return 0;
}
