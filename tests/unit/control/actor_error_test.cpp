// Reasons of actors in words.
#include "runtime/control/actor_error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>

using namespace millrace::control;

TEST_CASE("an actor that throws has ended with the exception's text") {
  CHECK(words_of(error_of(std::make_exception_ptr(std::runtime_error("out of memory")))) == "out of memory");
  CHECK(words_of(error_of(std::make_exception_ptr(std::runtime_error("")))) == "an exception without a text");
  CHECK(words_of(error_of(std::make_exception_ptr(7))) == "an exception without a text");
}

TEST_CASE("a reason of CAF's own is told in words") {
  CHECK(words_of({}) == "it has ended without a word");
  CHECK(words_of(caf::make_error(caf::exit_reason::kill)) == "it was ended by force");
  CHECK(words_of(caf::make_error(caf::exit_reason::user_shutdown)) == "it was told to end");
  CHECK(words_of(caf::make_error(caf::sec::request_timeout)) == "no answer came in time");
  CHECK(words_of(caf::make_error(caf::sec::request_receiver_down)) == "who was asked has ended");
  CHECK(words_of(caf::make_error(caf::sec::runtime_error)) == "an exception without a text");
}
