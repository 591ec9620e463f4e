#include "runtime/base/host_lookup.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <netinet/in.h>

using namespace millrace;

namespace {

/// A resolver that does not answer before it is let go.
class hanging {
public:
  ~hanging() { let_go(); }
  [[nodiscard]] host_lookup::resolver ask() {
    return [gate = gate_](const std::string&, std::uint16_t) {
      gate.wait();
      return host_found{nullptr, "too late"};
    };
  }
  void let_go() {
    if (!std::exchange(is_open_, true))
      opens_.set_value();
  }

private:
  std::promise<void> opens_;
  std::shared_future<void> gate_ = opens_.get_future().share();
  bool is_open_ = false;
};

}  // namespace

TEST_CASE("whoever looks for a host waits no longer than it may, though the resolver hangs") {
  hanging resolver;
  const auto found = find_host("db.example", 5432, std::chrono::milliseconds(20), resolver.ask());
  CHECK_FALSE(found.first);
  CHECK(found.why == "db.example: its name is not resolved in time; look after /etc/resolv.conf");
}

TEST_CASE("an address in digits takes no resolver") {
  hanging resolver;
  const auto v4 = find_host("127.0.0.1", 7100, micros(0), resolver.ask());
  REQUIRE(v4.first);
  CHECK(ntohs(reinterpret_cast<const sockaddr_in*>(v4.first->ai_addr)->sin_port) == 7100);
  const auto v6 = find_host("::1", 7100, micros(0), resolver.ask());
  REQUIRE(v6.first);
  CHECK(v6.first->ai_family == AF_INET6);
}

TEST_CASE("a lookup that was cancelled tells nobody") {
  hanging resolver;
  bool is_told = false;
  const auto lookup = host_lookup::begin(
      "db.example", 1, [&](const host_found&) { is_told = true; }, resolver.ask());
  lookup->cancel();
  resolver.let_go();
  CHECK_FALSE(is_told);
}

TEST_CASE("questions that hang are bounded, and one more is answered at once") {
  constexpr int most = 64;
  // A thread of a test before may have its place for a moment still, so the first answer may be that of an earlier question.
  constexpr int threads_before = 2;
  hanging resolver;
  const auto ask = [&] { return find_host("db.example", 1, micros(0), resolver.ask()).why; };
  auto why = ask();
  int asked = 1;
  for (; asked <= most && why.find("in time") != std::string::npos; ++asked)
    why = ask();
  CHECK(why == "db.example: the resolver does not answer; look after /etc/resolv.conf");
  CHECK(asked > most - threads_before);
}
