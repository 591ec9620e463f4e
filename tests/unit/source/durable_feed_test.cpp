#include "actors/stream/source/durable_feed.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

/// A disk that refuses so many writes.
class full_disk final : public spool::segment_store {
public:
  explicit full_disk(int& refusals) : refusals_(refusals) {}
  expected<std::vector<std::uint64_t>> open() override { return std::vector<std::uint64_t>(); }
  expected<std::string> read(std::uint64_t) const override { return std::string(); }
  expected<void> settle(std::uint64_t) override { return {}; }
  expected<void> begin(std::uint64_t, std::string_view) override { return write(); }
  expected<void> append(std::uint64_t, std::string_view) override { return write(); }
  expected<void> remove(std::uint64_t) override { return {}; }
  std::string place() const override { return "disk"; }
  std::string path(std::uint64_t) const override { return "disk"; }
  std::string remedy() const override { return ""; }

private:
  expected<void> write() {
    if (refusals_ == 0)
      return {};
    --refusals_;
    return outside_error(ec::io, "No space left on device");
  }

  int& refusals_;
};

struct feeding {
  int refusals = 0;
  std::shared_ptr<spool::log> log = *spool::log::open(std::make_unique<full_disk>(refusals), {});
  std::vector<std::string> told;
  int waits = 0;
  int most_waits = 100;

  bool make_durable() {
    return source::make_durable(
        *log, "t/in", "nothing is read",
        [this](const std::optional<error>& e) { told.push_back(e ? e->message : "well"); },
        [this] { return waits++ < most_waits; });
  }
};

}  // namespace

TEST_CASE("what has come is durable at once, or as soon as the disk takes it") {
  feeding f;
  CHECK(f.make_durable());  // nothing has come
  f.log->add("a", 1);
  CHECK(f.make_durable());
  CHECK(f.log->pending() == 0);
  CHECK(f.told.empty());
  f.log->add("", 2);  // no bytes, and yet a record
  f.refusals = 2;
  CHECK(f.make_durable());
  CHECK(f.log->pending() == 0);
  CHECK(f.waits == 2);
  REQUIRE(f.told.size() == 3);
  CHECK(f.told[1].find("No space left") != std::string::npos);
  CHECK(f.told[2] == "well");
}

TEST_CASE("a feed that ends does not wait for the disk") {
  feeding f;
  f.most_waits = 1;
  f.refusals = 5;
  f.log->add("a", 1);
  CHECK_FALSE(f.make_durable());
  CHECK(f.log->pending() == 1);
  CHECK(f.told.size() == 2);
}
