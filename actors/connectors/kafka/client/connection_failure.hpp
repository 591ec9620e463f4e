// Tells why no connection to a broker comes about: librdkafka's text in plain words, with the remedy. The
// answer depends on the text alone, so each look-up, client and connector says the same.
#pragma once

#include <string>
#include <string_view>

namespace millrace::kafka {

/// A remedy names two settings, which the user may call otherwise.
struct setting_names {
  std::string brokers = "`brokers`";
  std::string properties = "`properties`";
};

struct connection_failure {
  std::string what;
  std::string remedy;
  bool mends = true;   // a broker that starts may help; a wrong password stays wrong
  bool vague = false;  // it follows upon another failure, which says more
};

/// `text`: the reason that librdkafka gives its callbacks for errors and for logs.
[[nodiscard]] connection_failure why_not_connected(std::string_view text, const setting_names& names);

}  // namespace millrace::kafka
