// The producer's settings of `millrace load`: its own beside the user's `--property`, which win.
#pragma once

#include <map>
#include <string>

namespace millrace::load {

/// Adds our own settings to those of the user. The producer is idempotent, as the brokers then keep one copy of a batch that
/// is sent again, in its order, unless the user says otherwise, or has chosen what no idempotent producer has.
[[nodiscard]] std::map<std::string, std::string>
producer_settings(const std::map<std::string, std::string>& given);

/// The names of our own settings, which mean nothing to a consumer.
[[nodiscard]] bool is_of_producer(const std::string& name);

}  // namespace millrace::load
