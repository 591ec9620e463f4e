// Decides who may ask the API for what. Pure.
//
// Anybody who reaches it may look: on loopback anybody on the machine, elsewhere who has a certificate. Rows
// need the node's token, and so does an action. An action also needs a header that no page of a foreign site
// can send without being asked about it first, and no foreign Origin. There are no cookies, so a forged
// request has nothing to ride on.
#pragma once

#include "actors/api/requests.hpp"
#include "runtime/http/request_reader.hpp"

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <vector>

namespace millrace::api {

inline constexpr std::string_view action_header = "X-Millrace-Action";

struct guard_rules {
  std::string token = {};               // the node's; empty: no action is allowed
  std::vector<std::string> names = {};  // hosts that it answers for, beside loopback and the address itself
  bool is_read_only = false;
  bool has_metrics_only = false;  // everything but metrics and probes is refused
};

/// `local`: the address that the client has connected to.
[[nodiscard]] std::optional<http_refusal> refusal_of(const guard_rules& rules, const route& to,
                                                     const http::incoming_request& r,
                                                     const boost::asio::ip::address& local);

/// Tells whether it brings the node's token.
[[nodiscard]] bool has_token(const guard_rules& rules, const http::incoming_request& r);

/// Judges who asks for the page and what it loads, which hold no secrets.
[[nodiscard]] std::optional<http_refusal> refusal_of_page(const guard_rules& rules,
                                                          const http::incoming_request& r,
                                                          const boost::asio::ip::address& local);

/// Probes and metrics are answered, and who has the token, also while all other places are taken.
[[nodiscard]] bool may_have_kept_place(const guard_rules& rules, const route& to,
                                       const http::incoming_request& r);

/// Compares every byte, however early they differ.
[[nodiscard]] bool is_same_secret(std::string_view a, std::string_view b);

}  // namespace millrace::api
