// The outbox with spilled output: what goes to the disk and when, what is sent to whom, and, over random
// schedules, that every receiver gets exactly the rows in order.
#include "runtime/delivery/outbox.hpp"
#include "runtime/delivery/output_format.hpp"
#include "tests/support/golden_file.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <algorithm>
#include <deque>
#include <random>

namespace millrace::delivery {
namespace {

outbox small(const outbox_limits& limits, const std::vector<std::string>& receivers) {
  outbox out("w/0/0", limits, 1);
  out.set_receivers(receivers);
  for (const auto& r : receivers)
    REQUIRE(out.resume(r, std::nullopt, 1));
  return out;
}

int sent_to(outbox& out, const std::string& receiver) {
  int n = 0;
  while (out.next(receiver))
    ++n;
  return n;
}

void check_golden(const std::string& name, const std::string& bytes) {
  millrace::test::check_golden("tests/unit/delivery/golden/" + name, bytes);
}

const outbox_limits tiny{.frame_rows = 2, .memory = 1, .segment = 1, .credit = 1};

}  // namespace

TEST_CASE("a receiver gets the whole of its first window, and the next one once it has taken that") {
  auto out = small(tiny, {"s"});
  out.append_window(10, {test::rows(6)}, {});
  out.append_mark(15);
  out.append_window(20, {test::rows(1)}, {});
  CHECK(sent_to(out, "s") == 4);  // progress needs no credit
  out.taken("s", 1, {10, 3});
  CHECK(sent_to(out, "s") == 0);
  out.taken("s", 9, {10, whole});  // another life said it
  CHECK(sent_to(out, "s") == 0);
  out.taken("s", 1, {10, whole});
  CHECK(sent_to(out, "s") == 1);
}

TEST_CASE("within its credit a receiver gets what it has not asked for") {
  auto limits = tiny;
  limits.credit = 1 << 20;
  auto out = small(limits, {"s"});
  for (event_micros end = 10; end <= 50; end += 10)
    out.append_window(end, {test::rows(1)}, {});
  CHECK(sent_to(out, "s") == 5);
}

TEST_CASE("what a receiver had taken before its shard began anew uses no credit") {
  auto out = small(tiny, {"s"});
  out.append_window(10, {test::rows(1)}, {});
  CHECK(sent_to(out, "s") == 1);
  out.taken("s", 1, {30, whole});
  out.append_window(20, {test::rows(1)}, {});
  out.append_window(30, {test::rows(1)}, {});
  CHECK(sent_to(out, "s") == 2);
}

TEST_CASE("nothing goes to a receiver beyond what is durable, spilled or not") {
  auto out = small(tiny, {"s"});
  out.append_window(10, {test::rows(2)}, {});
  out.append_window(20, {test::rows(2)}, {});
  CHECK_FALSE(out.next("s", lowest_position));
  REQUIRE(out.begin_spill());
  out.spilled();
  CHECK(out.wanted(lowest_position).empty());
  CHECK(out.wanted(position{10, whole}).size() == 1);
}

TEST_CASE("the oldest frames are spilled, and read back for whom they are due") {
  auto out = small({.frame_rows = 2, .memory = 1'000, .segment = 300, .credit = 1 << 20}, {"fast", "slow"});
  CHECK_FALSE(out.begin_spill());
  for (event_micros end = 10; end <= 100; end += 10) {
    out.append_window(end, {test::rows(2)}, {});
    CHECK(sent_to(out, "fast") == 1);
  }
  const auto before = out.retained_bytes();
  REQUIRE(out.memory_bytes() > 1'000);
  const auto spill = out.begin_spill();
  REQUIRE(spill);
  CHECK(spill->frames.front()->reached == position{10, whole});
  CHECK(spill->id == segment_id{1, 1});
  CHECK_FALSE(out.begin_spill());  // one at a time
  out.spilled();
  CHECK(out.retained_bytes() == before);
  CHECK(out.spilled_bytes() != 0);
  CHECK(out.held_by("slow") == before);
  const auto wanted = out.wanted();
  REQUIRE(wanted == std::vector{spill->id});
  CHECK(out.wanted().empty());
  CHECK_FALSE(out.next("slow"));
  out.loaded(spill->id, spill->frames);
  CHECK(sent_to(out, "slow") == 10);
}

TEST_CASE("what was acknowledged while it was written needs no file") {
  auto out = small(tiny, {"s"});
  out.append_window(10, {test::rows(2)}, {});
  const auto spill = out.begin_spill();
  REQUIRE(spill);
  out.acknowledge("s", {10, whole});
  out.spilled();
  CHECK(out.retained_bytes() == 0);
  CHECK(out.unneeded(lowest_position) == std::vector{spill->id});
  CHECK(out.unneeded(lowest_position).empty());
}

TEST_CASE("a file stays until no capture that can be fallen back to needs it") {
  auto out = small(tiny, {"s"});
  out.append_window(10, {test::rows(2)}, {});
  REQUIRE(out.begin_spill());
  out.spilled();
  wire::writer capture;
  out.capture_changes(capture);
  CHECK_FALSE(out.has_outlived_files());
  out.acknowledge("s", {10, whole});
  CHECK(out.has_outlived_files());
  CHECK(out.unneeded(lowest_position).empty());
  CHECK(out.segments().size() == 1);
  CHECK(out.unneeded({10, whole}).size() == 1);
  CHECK(out.segments().empty());
}

TEST_CASE("a further life under the same term gives its files names of its own") {
  auto before = small(tiny, {"s"});
  before.append_window(10, {test::rows(2)}, {});
  REQUIRE(before.begin_spill());
  before.spilled();
  wire::writer capture;
  before.capture_all(capture);
  before.append_window(20, {test::rows(2)}, {});
  const auto under_way = before.begin_spill();  // the spill that is under way when that life fails
  REQUIRE(under_way);
  outbox after("w/0/0", tiny, life(1, 1));
  after.set_receivers({"s"});
  const auto bytes = capture.take();
  wire::reader in(bytes);
  REQUIRE(after.apply(in));
  after.append_window(20, {test::rows(2)}, {});
  const auto spill = after.begin_spill();
  REQUIRE(spill);
  CHECK(spill->id != under_way->id);
  CHECK(std::ranges::count(after.segments(), spill->id) == 0);
  CHECK(spill->id.life == 1);
}

TEST_CASE("frames that the disk refuses stay in memory, and a full outbox says so") {
  auto out = small({.frame_rows = 2, .memory = 500, .segment = 300, .credit = 1}, {"s"});
  event_micros end = 0;
  while (!out.full()) {
    out.append_window(end += 10, {test::rows(2)}, {});
    if (out.begin_spill())
      out.spill_failed();
  }
  CHECK(out.spilled_bytes() == 0);
  CHECK(out.memory_bytes() > 1'000);
  const auto spill = out.begin_spill();
  REQUIRE(spill);
  CHECK(spill->frames.front()->reached == position{10, whole});
}

TEST_CASE("more than `retain` in all is full, wherever it lies") {
  auto limits = tiny;
  limits.retain = 1'000;
  auto out = small(limits, {"s"});
  event_micros end = 0;
  while (out.retained_bytes() <= 1'000) {
    out.append_window(end += 10, {test::rows(2)}, {});
    while (out.begin_spill())
      out.spilled();
  }
  CHECK(out.memory_bytes() == 0);
  CHECK(out.full());
  out.acknowledge("s", {end, whole});
  CHECK_FALSE(out.full());
}

TEST_CASE("a part of a window is written without the rest of its batch, and rows keep their ordinals") {
  const auto rows = test::rows(1'000);
  std::vector<output_ptr> frames;
  for (const std::uint32_t begin : {500U, 502U}) {
    output_frame f;
    f.log = "w/0/0";
    f.since = {10, begin - 1};
    f.reached = {10, begin + 1};
    f.rows = rows;
    f.begin = begin;
    f.end = begin + 2;
    frames.push_back(std::make_shared<const output_frame>(std::move(f)));
  }
  const auto bytes = encode_segment(frames);
  CHECK(bytes.size() < 400);
  auto back = decode_segment(bytes, "w/0/0");
  REQUIRE(back);
  // And once more, as after a restart: what was cut is cut again.
  back = decode_segment(encode_segment({(*back)[1]}), "w/0/0");
  REQUIRE(back);
  const auto& f = *back->front();
  CHECK(f.base + f.begin == 502);
  CHECK(f.rows->columns[0]->ints()[f.begin] == 502);
  CHECK(f.rows->rows == 2);
}

TEST_CASE("parts of a window are numbered on, and what cannot be formed comes behind them") {
  outbox out("w/0/0", {.frame_rows = 2});
  out.set_receivers({"s"});
  REQUIRE(out.resume("s", std::nullopt, 1));
  out.append_window(10, {test::rows(3), nullptr, test::rows(2)}, {{"w", "w/0/0", {}, "error", "{}"}});
  std::vector<position> reached;
  std::vector<std::uint32_t> first;
  while (const auto f = out.next("s")) {
    reached.push_back(f->reached);
    first.push_back(f->base + f->begin);
    for (const auto& letter : f->failed)
      CHECK(letter.at == position{10, 5});
  }
  CHECK(reached == std::vector<position>{{10, 1}, {10, 2}, {10, 4}, {10, whole}});
  CHECK(first == std::vector<std::uint32_t>{0, 2, 3, 0});
  // A receiver that has a row of the second part is sent the rows after it.
  REQUIRE(out.resume("s", position{10, 3}, 2));
  auto again = *out.next("s");
  again.cut_to_new({10, 3});
  CHECK(again.base + again.begin == 4);
  CHECK(again.end - again.begin == 1);
}

TEST_CASE("rows of several windows have one frame, and each its own place") {
  outbox out("w/0/0");
  out.set_receivers({"s"});
  REQUIRE(out.resume("s", std::nullopt, 1));
  out.append_windows({{10, test::rows(2)}, {20, test::rows(1)}, {25, test::rows(3)}});
  const auto sent = out.next("s");
  REQUIRE(sent);
  CHECK_FALSE(out.next("s"));
  CHECK(sent->since == lowest_position);
  CHECK(sent->reached == position{25, whole});
  const auto segment = decode_segment(encode_segment({sent}), "w/0/0");
  REQUIRE(segment);
  for (const auto& f : {*sent, *segment->front()}) {
    std::vector<position> places;
    for (auto i = f.begin; i < f.end; ++i) {
      places.push_back(f.position_of(i));
      CHECK(f.rows->columns[0]->ints()[i] == places.back().minor);
    }
    CHECK(places == std::vector<position>{{10, 0}, {10, 1}, {20, 0}, {25, 0}, {25, 1}, {25, 2}});
    for (const auto at : {lowest_position, position{10, 0}, {10, whole}, {15, whole}, {20, 0}, {25, 1}}) {
      auto rest = f;
      rest.cut_to_new(at);
      const auto left = std::ranges::count_if(places, [&](position p) { return p > at; });
      CHECK(rest.end - rest.begin == left);
      std::vector<position> again;
      for (const auto& part : cut_by_window(rest)) {
        CHECK(part.reached == position{part.position_of(part.begin).major, whole});
        CHECK(part.since < part.reached);
        CHECK(part.windows.empty());
        for (auto i = part.begin; i < part.end; ++i) {
          again.push_back(part.position_of(i));
          CHECK(part.rows->columns[0]->ints()[i] == again.back().minor);
        }
      }
      CHECK(again == std::vector<position>(places.end() - left, places.end()));
    }
  }
}

TEST_CASE("a frame whose windows are not in order, or have no rows, is malformed") {
  const auto of = [](std::vector<window_start> windows, position reached) {
    output_frame f;
    f.log = "w/0/0";
    f.reached = reached;
    f.rows = test::rows(6);
    f.end = 6;
    f.windows = std::move(windows);
    return decode_segment(encode_segment({std::make_shared<const output_frame>(std::move(f))}), "w/0/0");
  };
  CHECK(of({{10, 0}, {20, 2}}, {20, whole}));
  CHECK_FALSE(of({{10, 1}, {20, 2}}, {20, whole}));
  CHECK_FALSE(of({{10, 0}, {20, 0}}, {20, whole}));
  CHECK_FALSE(of({{20, 0}, {10, 2}}, {10, whole}));
  CHECK_FALSE(of({{10, 0}, {20, 6}}, {20, whole}));
  CHECK_FALSE(of({{10, 0}, {20, 2}}, {30, whole}));
  CHECK_FALSE(of({{10, 0}, {20, 2}}, {20, 3}));
}

TEST_CASE("segments and captures are the golden ones, byte for byte") {
  auto out = small({.frame_rows = 2, .memory = 1, .segment = 300, .credit = 1}, {"s"});
  out.append_window(10, {test::rows(5)}, {{"w", "w/0/0", {}, "error", "{}"}});
  out.append_windows({{12, test::rows(1)}, {14, test::rows(1)}});
  out.append_mark(15);
  check_golden("segment_4.bin", encode_segment(out.begin_spill()->frames));
  out.spilled();
  wire::writer capture;
  out.capture_all(capture);
  check_golden("outbox_4.bin", capture.bytes());
  outbox again("w/0/0");
  wire::reader in(capture.bytes());
  REQUIRE(again.apply(in));
  CHECK(again.spilled_bytes() == out.spilled_bytes());
  CHECK(again.retained_frames() == out.retained_frames());
  CHECK(again.segments() == out.segments());
}

TEST_CASE("damaged segments are corrupt or unsupported wherever a bit flips") {
  auto out = small(tiny, {"s"});
  out.append_window(10, {test::rows(2)}, {{"w", "w/0/0", {}, "error", "{}"}});
  const auto bytes = encode_segment(out.begin_spill()->frames);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    REQUIRE_FALSE(decode_segment(bytes.substr(0, n), "w/0/0"));
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto flipped = bytes;
      flipped[n] = static_cast<char>(flipped[n] ^ (1U << bit));
      const auto back = decode_segment(flipped, "w/0/0");
      REQUIRE((back || back.error().code == ec::corrupt || back.error().code == ec::unsupported));
    }
  }
}

namespace {

using row = std::pair<event_micros, std::int64_t>;  // window end, ordinal

/// A shard's output over several lives, against a list of rows that anybody can read.
class trial {
public:
  explicit trial(unsigned seed) : random_(seed) {
    constexpr std::size_t bounds[] = {1, 500, 5'000};
    for (auto* bound : {&limits_.memory, &limits_.segment, &limits_.credit})
      *bound = bounds[random_() % std::size(bounds)];
    begin();
  }

  void run() {
    for (int i = 0; i < 300; ++i)
      step();
    drain();
    for (const auto& [name, r] : receivers_) {
      INFO(name);
      REQUIRE(r.rows == rows_);
    }
    REQUIRE(out_.retained_bytes() == 0);
    REQUIRE(out_.spilled_bytes() == 0);
  }

private:
  struct receiver {
    incarnation life = 0;
    position has = lowest_position;      // taken up to here
    position durable = lowest_position;  // and that many rows
    std::vector<row> rows;
    std::size_t durable_rows = 0;
    std::deque<output_ptr> queue;
  };

  void begin() {
    limits_.frame_rows = 1 + random_() % 3;
    out_ = outbox("w/0/0", limits_, ++life_);
    safe_ = lowest_position;
    for (const auto& c : captures_) {
      safe_ = out_.low();
      wire::reader in(c);
      const auto ok = out_.apply(in);
      REQUIRE(ok);
    }
    out_.set_receivers({"a", "b"});
    newest_low_ = out_.low();
    const auto needed = out_.segments();
    std::erase_if(files_, [&](const auto& f) {
      return std::find(needed.begin(), needed.end(), f.first) == needed.end();
    });
    reading_.clear();
    writing_.reset();
    for (auto& [name, r] : receivers_)
      resume(name, r);
  }

  void resume(const std::string& name, receiver& r) {
    r.queue.clear();
    r.rows.resize(r.durable_rows);
    r.has = r.durable;
    const auto from =
        out_.resume(name, r.durable == lowest_position ? std::nullopt : std::optional(r.durable), ++r.life);
    REQUIRE(from);
    REQUIRE(*from == r.durable);
  }

  void append() {
    // The same windows again after falling back: what a shard computes is a function of its input.
    auto end = out_.sent().major == lowest_position.major ? 10 : out_.sent().major + 10;
    std::vector<window_rows> shared;
    for (auto most = random_() % 4; most > 0 && rows_of(end) != 0; --most, end += 10)
      shared.push_back({end, test::rows(rows_of(end))});
    if (!shared.empty())
      out_.append_windows(shared);
    else
      out_.append_window(end, {rows_of(end) == 0 ? nullptr : test::rows(rows_of(end))}, {});
    for (; last_ < out_.sent().major; last_ += 10)
      for (std::size_t i = 0; i < rows_of(last_ + 10); ++i)
        rows_.emplace_back(last_ + 10, static_cast<std::int64_t>(i));
  }
  static std::size_t rows_of(event_micros end) { return static_cast<std::size_t>((end * 7) % 9); }

  void send() {
    for (auto& [name, r] : receivers_)
      while (auto f = out_.next(name))
        r.queue.push_back(std::move(f));
    for (const auto& id : out_.wanted())
      reading_.push_back(id);
  }

  void take(const std::string& name, receiver& r) {
    if (r.queue.empty())
      return;
    const auto f = std::move(r.queue.front());
    r.queue.pop_front();
    if (f->reached > r.has) {
      REQUIRE(f->since <= r.has);
      for (auto i = f->begin; i < f->end; ++i)
        if (const position at = f->position_of(i); at > r.has) {
          REQUIRE(f->rows->columns[0]->ints()[i] == at.minor);
          r.rows.emplace_back(at.major, at.minor);
        }
      r.has = f->reached;
    }
    if (f->has_content())
      out_.taken(name, r.life, r.has);
  }

  void commit(const std::string& name, receiver& r) {
    r.durable = r.has;
    r.durable_rows = r.rows.size();
    if (random_() % 4 != 0)
      out_.acknowledge(name, r.durable);
  }

  void disk() {
    if (writing_ && random_() % 2) {
      if (random_() % 5 == 0) {
        out_.spill_failed();
      } else {
        files_[writing_->id] = encode_segment(writing_->frames);
        out_.spilled();
      }
      writing_.reset();
    }
    if (!writing_)
      writing_ = out_.begin_spill();
    if (!reading_.empty()) {
      const auto id = reading_.front();
      reading_.pop_front();
      REQUIRE(files_.contains(id));
      auto frames = decode_segment(files_[id], "w/0/0");
      REQUIRE(frames);
      out_.loaded(id, std::move(*frames));
    }
    for (const auto& id : out_.unneeded(safe_))
      files_.erase(id);
  }

  void capture() {
    wire::writer w;
    out_.capture_changes(w);
    captures_.push_back(w.take());
    safe_ = newest_low_;
    newest_low_ = out_.low();
    if (captures_.size() < 5)
      return;
    const auto newest = captures_.back();
    captures_.pop_back();
    outbox merged("w/0/0", limits_);
    for (const auto& c : captures_) {
      wire::reader in(c);
      REQUIRE(merged.apply(in));
    }
    wire::writer base;
    merged.capture_all(base);
    captures_ = {base.take(), newest};
    durable_captures_ = 1;
  }

  void step() {
    switch (random_() % 12) {
    case 0:
    case 1:
    case 2:
      append();
      break;
    case 3:
      disk();
      break;
    case 4:
      if (random_() % 2)
        capture();
      break;
    case 5:
      if (random_() % 8 == 0) {  // the newest capture is damaged at times; the one before never is
        if (captures_.size() > durable_captures_ && random_() % 2)
          captures_.pop_back();
        durable_captures_ = captures_.size();
        begin();
      }
      break;
    case 6: {
      auto& [name, r] = *std::next(receivers_.begin(), random_() % 2);
      if (random_() % 4 == 0)
        resume(name, r);
      break;
    }
    default: {
      auto& [name, r] = *std::next(receivers_.begin(), random_() % 5 == 0 ? 1 : 0);
      if (random_() % 3 == 0)
        commit(name, r);
      else
        take(name, r);
    }
    }
    send();
    REQUIRE(reading_.size() <= receivers_.size());
  }

  void drain() {
    while (out_.sent().major < last_)
      append();
    for (int i = 0; i < 20'000 && out_.retained_bytes() != 0; ++i) {
      send();
      disk();
      for (auto& [name, r] : receivers_) {
        take(name, r);
        commit(name, r);
      }
      out_.append_mark(last_ + 1);
    }
  }

  std::mt19937 random_;
  outbox_limits limits_;
  outbox out_;
  incarnation life_ = 0;
  std::map<std::string, receiver> receivers_{{"a", {}}, {"b", {}}};
  std::vector<row> rows_;
  event_micros last_ = 0;
  std::map<segment_id, std::string> files_;
  std::optional<outbox::spill> writing_;
  std::deque<segment_id> reading_;
  std::vector<std::string> captures_;
  std::size_t durable_captures_ = 0;
  position safe_ = lowest_position;
  position newest_low_ = lowest_position;
};

}  // namespace

TEST_CASE("whatever is spilled, resumed, acknowledged or begun anew, every receiver gets the rows in order") {
  for (unsigned seed = 0; seed < 1'000; ++seed) {
    INFO("seed " << seed);
    trial(seed).run();
  }
}

}  // namespace millrace::delivery
