#include "runtime/delivery/outbox.hpp"
#include "runtime/delivery/output_format.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

outbox with(const std::vector<std::string>& receivers, std::uint32_t frame_rows = 2) {
  outbox out("w/0/0", {.frame_rows = frame_rows});
  out.set_receivers(receivers);
  return out;
}

/// All that may be sent to `receiver` now.
std::vector<output_ptr> sent_to(outbox& out, const std::string& receiver) {
  std::vector<output_ptr> frames;
  while (auto f = out.next(receiver))
    frames.push_back(std::move(f));
  return frames;
}

std::string all_of(outbox& out) {
  wire::writer w;
  out.capture_all(w);
  return w.take();
}

std::string changes_of(outbox& out) {
  wire::writer w;
  out.capture_changes(w);
  return w.take();
}

expected<void> read_into(outbox& out, const std::string& bytes) {
  wire::reader in(bytes);
  return out.apply(in);
}

}  // namespace

TEST_CASE("a window is cut into frames, each begins where the last one ended") {
  auto out = with({"s"});
  REQUIRE(out.resume("s", std::nullopt, 1));
  out.append_window(10, {test::rows(5)}, {});
  const auto frames = sent_to(out, "s");
  REQUIRE(frames.size() == 3);
  CHECK(frames[0]->since == lowest_position);
  CHECK(frames[0]->reached == position{10, 1});
  CHECK(frames[1]->since == frames[0]->reached);
  CHECK(frames[1]->reached == position{10, 3});
  CHECK(frames[2]->reached == position{10, whole});
  CHECK(frames[2]->begin == 4);
  CHECK(frames[2]->end == 5);
  out.append_mark(10);
  CHECK(sent_to(out, "s").empty());
  out.append_mark(12);
  CHECK(out.next("s")->reached == position{12, whole});
}

TEST_CASE("failed rows stand downstream of a window's rows and close it") {
  auto out = with({"s"});
  REQUIRE(out.resume("s", std::nullopt, 1));
  out.append_window(10, {test::rows(2)}, {{"w", "w/0/0", {}, "too big", "{}"}});
  const auto frames = sent_to(out, "s");
  REQUIRE(frames.size() == 2);
  CHECK(frames[0]->reached == position{10, 1});
  CHECK(frames[1]->failed.front().at == position{10, 2});
  CHECK(frames[1]->reached == position{10, whole});
}

TEST_CASE("frames are kept until the slowest receiver has acknowledged them") {
  auto out = with({"a", "b"});
  out.append_window(10, {test::rows(3)}, {});
  out.acknowledge("a", {10, whole});
  CHECK(out.retained_frames() == 2);
  out.acknowledge("b", {10, 1});
  CHECK(out.retained_frames() == 1);
  out.acknowledge("b", {10, 0});  // older: overtaken on its way
  out.acknowledge("nobody", highest_position);
  CHECK(out.low() == position{10, 1});
  out.set_receivers({"a"});  // a removed one loses its claim
  CHECK(out.retained_frames() == 0);
  CHECK(out.retained_bytes() == 0);
}

TEST_CASE("a receiver resumes from its own position") {
  auto out = with({"s"});
  out.append_window(10, {test::rows(5)}, {});
  CHECK(sent_to(out, "s").empty());  // it has not said where it stands
  CHECK(out.resume("s", std::nullopt, 1) == lowest_position);
  CHECK(sent_to(out, "s").size() == 3);
  CHECK(out.resume("s", position{10, 2}, 2) == position{10, 2});
  const auto frames = sent_to(out, "s");
  REQUIRE(frames.size() == 2);
  CHECK(frames.front()->since < position{10, 2});
  CHECK(out.retained_frames() == 2);
  CHECK_FALSE(out.resume("nobody", std::nullopt, 1));
}

TEST_CASE("what an earlier life of a receiver says of its place is known for old") {
  auto out = with({"s"});
  CHECK_FALSE(out.knows_newer("s", 1));
  REQUIRE(out.resume("s", std::nullopt, 2));
  CHECK(out.knows_newer("s", 1));
  CHECK_FALSE(out.knows_newer("s", 2));
  CHECK_FALSE(out.knows_newer("s", 3));
}

TEST_CASE("a receiver that has lost what it acknowledged is an error, never skipped") {
  auto out = with({"s"});
  out.append_window(10, {test::rows(1)}, {});
  out.append_window(20, {test::rows(1)}, {});
  out.acknowledge("s", {10, whole});
  const auto fallen_back = out.resume("s", position{5, whole}, 1);
  REQUIRE_FALSE(fallen_back);
  CHECK(fallen_back.error().code == ec::log_trimmed);
  CHECK(fallen_back.error().message.find("--fresh") != std::string::npos);
}

TEST_CASE("a receiver that is new begins at the mark of then") {
  auto out = with({"old"});
  out.append_window(10, {test::rows(1)}, {});
  out.set_receivers({"old", "new"});
  CHECK(out.resume("new", std::nullopt, 1) == position{10, whole});
  CHECK(sent_to(out, "new").empty());
}

TEST_CASE("a receiver may be ahead of an outbox that has fallen back") {
  auto out = with({"s"});
  REQUIRE(out.resume("s", position{30, whole}, 1));
  out.append_window(10, {test::rows(1)}, {});
  out.append_mark(15);
  CHECK(sent_to(out, "s").empty());
  CHECK(out.retained_frames() == 0);
}

TEST_CASE("captures give back what is retained, trimmed as the newest says") {
  auto out = with({"s"});
  out.append_window(10, {test::rows(3)}, {{"w", "w/0/0", {}, "error", "{}"}});
  const auto base = all_of(out);
  out.append_window(20, {test::rows(3)}, {});
  out.acknowledge("s", {10, 1});
  const auto increment = changes_of(out);
  outbox again("w/0/0");
  REQUIRE(read_into(again, base));
  REQUIRE(read_into(again, increment));
  CHECK(again.sent() == out.sent());
  CHECK(again.low() == out.low());
  CHECK(again.retained_frames() == out.retained_frames());
  CHECK(again.acknowledged() == out.acknowledged());
  REQUIRE(again.resume("s", position{10, 1}, 1));
  const auto frames = sent_to(again, "s");
  const auto& row = *frames.front();
  CHECK(row.base + row.begin == 2);
  CHECK(row.rows->columns[0]->ints()[row.begin] == 2);
  CHECK(frames[1]->failed.front().error == "error");
}

TEST_CASE(
    "damaged captures are corrupt wherever they are cut, and never more than that wherever a bit flips") {
  auto out = with({"s", "t"});
  out.append_window(10, {test::rows(5)}, {{"w", "w/0/0", {}, "error", "{}"}});
  out.append_mark(15);
  const auto bytes = all_of(out);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    outbox cut("w/0/0");
    const auto result = read_into(cut, bytes.substr(0, n));
    REQUIRE_FALSE(result);
    REQUIRE(result.error().code == ec::corrupt);
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto flipped = bytes;
      flipped[n] = static_cast<char>(flipped[n] ^ (1U << bit));
      outbox damaged("w/0/0");
      const auto ok = read_into(damaged, flipped);
      REQUIRE((ok || ok.error().code == ec::corrupt || ok.error().code == ec::unsupported));
    }
  }
}

}  // namespace millrace::delivery
