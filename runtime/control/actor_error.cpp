#include "runtime/control/actor_error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <utility>

namespace millrace::control {

caf::error error_of(const std::exception_ptr& thrown) {
  std::string text;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    text = e.what();
  } catch (...) {
  }
  return caf::make_error(caf::sec::runtime_error, text.empty() ? "an exception without a text" : text);
}

std::string words_of(const caf::error& why) {
  if (!why)
    return "it has ended without a word";
  if (const auto& said = why.context(); said.match_elements<std::string>())
    return said.get_as<std::string>(0);
  if (why == caf::exit_reason::kill)
    return "it was ended by force";
  if (why == caf::exit_reason::user_shutdown)
    return "it was told to end";
  if (why == caf::sec::request_timeout)
    return "no answer came in time";
  if (why == caf::sec::request_receiver_down)
    return "who was asked has ended";
  return "an exception without a text";
}

}  // namespace millrace::control
