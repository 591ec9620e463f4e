#include "runtime/base/listen_failure.hpp"
#include "tools/cli/node_exit.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace millrace;
using namespace millrace::cli;

TEST_CASE("a node that another start would not help ends with 2, and every other one with 1") {
  using enum node_step;
  const auto wrong = user_error(ec::invalid_argument, "--listen: no address").value();
  const auto refused = user_error(ec::refused, "no such role").value();
  const auto foreign = user_error(ec::mismatch, "the store is not shared").value();
  const auto in_use = user_error(ec::locked, "the state folder is in use").value();
  const auto away = outside_error(ec::unavailable, "Connection refused").value();
  const auto full = outside_error(ec::io, "No space left on device").value();
  const auto over = fatal_error(ec::refused, "another process is node a").value();
  const auto ours = our_error("a bug").value();
  const auto taken = listen_failure("--http", "127.0.0.1:80", EADDRINUSE);
  const auto not_there = listen_failure("--listen", "10.0.0.5:7100", EADDRNOTAVAIL);
  const auto not_allowed = listen_failure("--listen", "127.0.0.1:80", EACCES);
  struct row {
    node_step at;
    error why;
    int status;
  };
  for (const auto& [at, why, status] : std::initializer_list<row>{{arguments, wrong, 2},
                                                                  {arguments, full, 1},
                                                                  {folder, in_use, 2},
                                                                  {folder, full, 1},
                                                                  {folder, ours, 1},
                                                                  {address, taken, 1},
                                                                  {address, not_there, 1},
                                                                  {address, not_allowed, 2},
                                                                  {address, wrong, 2},
                                                                  {store, away, 1},
                                                                  {store, refused, 1},
                                                                  {store, foreign, 1},
                                                                  {joining, foreign, 1},
                                                                  {joining, away, 1},
                                                                  {joining, over, 1},
                                                                  {running, over, 1},
                                                                  {running, refused, 1},
                                                                  {running, ours, 1}}) {
    CAPTURE(static_cast<int>(at), why.message);
    CHECK(exit_status_of(at, why) == status);
  }
}
