// Arbitrary bytes as what a peer sends, to a link with an open session: each parcel is dropped, ends the
// session or brings messages; memory stays within the limits, and the link opens a new session with an honest
// peer afterwards. Packets get this session's names and the next sequence number, unless the input says no.
#include "runtime/link/node_link.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/link/link_fixture.hpp"

#include <algorithm>
#include <cstring>
#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::link;
using fuzz::require;

node_link make(const char* name, const char* other, std::uint64_t process) {
  return node_link({{"c", name, {process, 0}, {}, spoken, {}, 0, name},
                    other,
                    link::test::small_limits(),
                    link::test::join_notes});
}

class trial {
public:
  explicit trial(FuzzedDataProvider& in) : in_(in) {}

  void run() {
    while (in_.remaining_bytes() > 0) {
      if (!mine_.is_open())
        open();
      give(parcel_of_input());
      if (in_.ConsumeBool())
        say();
      at_.steady += micros(in_.ConsumeIntegralInRange<std::int64_t>(0, 300'000));
      mine_.tick(at_, out_);
      look();
      out_ = {};
    }
    open();
    look();
  }

private:
  /// An honest peer, of a later process each time.
  void open() {
    auto peer = make("b", "a", ++peer_);
    link_effect_list theirs;
    mine_.connected(at_, out_);
    peer.connected(at_, theirs);
    for (int i = 0; i < 10; ++i) {
      look();
      for (const auto& p : std::exchange(out_, {}).bytes)
        peer.received(at_, make_piece(text_of(p)), theirs);
      for (const auto& p : std::exchange(theirs, {}).bytes) {
        const auto bytes = make_piece(text_of(p));
        if (const auto packet = decode_packet(bytes, link::test::small_limits()))
          sequence_ = packet->header.sequence;
        mine_.received(at_, bytes, out_);
      }
    }
    require(mine_.is_open(), "a link opens a session with an honest peer");
  }

  std::string parcel_of_input() {
    const bool is_named = in_.ConsumeIntegralInRange(0, 9) != 0;
    std::string bytes = in_.ConsumeRandomLengthString(600);
    if (const auto h = decode_hello(bytes); h && h->me.node >= peer_)
      return {};  // a later process than the honest one would be right to stay
    if (!is_named || bytes.size() < sizeof(packet_header))
      return bytes;
    packet_header h;
    std::memcpy(&h, bytes.data(), sizeof(h));
    h.what = static_cast<std::uint8_t>(parcel::packet);
    h.version = 1;
    h.from_node = ends_.theirs.node;
    h.from_attempt = ends_.theirs.attempt;
    h.to_node = ends_.mine.node;
    h.to_attempt = ends_.mine.attempt;
    h.sequence = ++sequence_;
    h.acknowledged %= 4;
    h.pong %= 4;
    h.unused = 0;
    std::memcpy(bytes.data(), &h, sizeof(h));
    return bytes;
  }

  void give(std::string bytes) {
    mine_.received(at_, make_piece(std::move(bytes)), out_);
    look();
    out_ = {};
  }
  void say() {
    const auto k = kind{in_.ConsumeIntegralInRange<std::uint8_t>(0, kinds - 1)};
    static_cast<void>(mine_.send(
        link::test::of_kind(k, in_.ConsumeIntegralInRange<edge_id>(0, 3),
                            std::string(in_.ConsumeIntegralInRange<std::size_t>(0, 3000), '0') + "-1")));
    mine_.flush(out_);
    look();
    out_ = {};
  }
  void look() {
    const auto l = link::test::small_limits();
    require(mine_.unacknowledged() <= l.window, "the window holds");
    require(mine_.begun() <= std::max(l.begun, l.longest_message), "what has begun is bounded");
    for (const auto& e : out_.others) {
      if (const auto* m = std::get_if<delivered>(&e))
        require(m->bytes.bytes.size() <= l.longest_message, "a message is bounded");
      if (const auto* opened = std::get_if<session_opened>(&e))
        ends_ = opened->ends;
    }
    out_.others.clear();
  }

  FuzzedDataProvider& in_;
  moment at_{micros(1), 1};
  node_link mine_ = make("a", "b", 1);
  link_effect_list out_;
  session ends_;
  std::uint64_t peer_ = 1, sequence_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  trial(in).run();
  return 0;
}
