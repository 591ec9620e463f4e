#include "actors/api/late_view.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>

using namespace millrace;
using namespace millrace::api;

namespace {

expected<answer> asked(cluster_view& view, request what) {
  const auto got = std::make_shared<std::optional<expected<answer>>>();
  view.ask(std::move(what), {got, [got](expected<answer> a) { *got = std::move(a); }});
  REQUIRE(got->has_value());
  return **got;
}

answers::page page(cluster_view& view, request what) {
  const auto a = asked(view, std::move(what));
  REQUIRE(a);
  return std::get<answers::page>(*a);
}

struct well : cluster_view {
  void ask(request, reply to) override { to(answer(answers::page{true, "ok\n"})); }
};

}  // namespace

TEST_CASE("a node that starts lives, is not ready, and says what it waits for") {
  late_view view;
  view.waits_for("the store dir:/srv/store");
  CHECK(page(view, requests::livez{}).is_good);
  for (const request& probe : {request(requests::readyz{}), request(requests::healthz{})}) {
    const auto p = page(view, probe);
    CHECK_FALSE(p.is_good);
    CHECK(p.text == "this node starts, and waits for the store dir:/srv/store\n");
  }
  const auto list = asked(view, requests::list{});
  REQUIRE_FALSE(list);
  CHECK(list.error().code == ec::unavailable);
  CHECK(list.error().message == "this node starts, and waits for the store dir:/srv/store; ask again");
}

TEST_CASE("a node that has started answers by its cluster") {
  late_view view;
  well cluster;
  view.attach(cluster);
  CHECK(page(view, requests::readyz{}).is_good);
}
