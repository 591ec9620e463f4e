#include "actors/connectors/http/server/http_server_source.hpp"

#include "actors/connectors/http/server/server_feed.hpp"
#include "actors/stream/source/spooled_reader.hpp"

#include <fmt/format.h>

namespace millrace::source {
namespace {

using config::option_type;

std::vector<config::option> options() {
  return {
      {.name = "listen",
       .type = option_type::text,
       .doc = "Address and port to listen on, such as 0.0.0.0:5000 for all addresses of this machine",
       .required = true,
       .plain = true},
      {.name = "routes",
       .type = option_type::any,
       .doc = "What a request for each path records and answers: {\"/path\": {\"event\": {...}, \"reply\": "
              "\"text\"}} for GET. For POST or PUT, \"body\" says what the body is: \"json\" (an object, "
              "whose members are added to the event's), \"lines\" (one such object a line, each a record; "
              "all are taken or none) or \"raw\" (the body is the record). Any other body is answered with "
              "400 and the reason",
       .required = true},
      {.name = "headers",
       .type = option_type::choice,
       .doc = "merge: a record has the request's headers beside the event's members, with names in "
              "Title-Case and repeats joined by \", \"; a header never replaces a member of its name, "
              "compared without case and with - as _. none: a record has no headers",
       .default_text = "merge",
       .choices = {"merge", "none"}},
      {.name = "keep_headers",
       .type = option_type::text_list,
       .doc = "Which of Authorization, Proxy-Authorization and Cookie go into the record with "
              "\"headers\": \"merge\". They are secrets of the clients; those that are not named are "
              "left out",
       .plain = true},
      {.name = "timeout",
       .type = option_type::duration,
       .doc = "How long a client may take for a whole request, and to read its answer",
       .default_text = "15 s",
       .minimum = 100'000},
      {.name = "max_header",
       .type = option_type::size,
       .doc = "Longer request lines and headers are answered with 431",
       .default_text = "16 kB",
       .minimum = 1'000,
       .maximum = 1'000'000},
      {.name = "max_headers",
       .type = option_type::integer,
       .doc = "Requests of more headers are answered with 431",
       .default_text = "100",
       .minimum = 1,
       .maximum = 1'000},
      {.name = "max_body",
       .type = option_type::size,
       .doc = "Longer bodies are answered with 413; a body that the route does not ask for is read and "
              "dropped",
       .default_text = "1 MB",
       .maximum = 100'000'000},
      {.name = "connections",
       .type = option_type::integer,
       .doc = "How many connections may be open; further ones are answered with 503",
       .default_text = "1000",
       .minimum = 1,
       .maximum = 1'000'000},
      spool_option("requests are answered with 503"),
  };
}

header_merge headers_of(const config::values& options) {
  header_merge out{options.text("headers") == "merge"};
  if (options.has("keep_headers"))
    for (const auto& name : options.text_list("keep_headers"))
      if (auto known = credential_name(name))
        out.credentials.insert(std::move(*known));
  return out;
}

void check(const config::check_input& in, const config::say& say) {
  if (const auto place = parse_listen(in.options.text("listen")); !place)
    say("listen", place.error().message);
  if (const auto r = routes::from(in.options.json("routes")); !r)
    say("routes", r.error().message);
  if (in.options.has("keep_headers"))
    for (const auto& name : in.options.text_list("keep_headers"))
      if (!credential_name(name))
        say("keep_headers", fmt::format("\"{}\" is merged as it is; expected names of Authorization, "
                                        "Proxy-Authorization and Cookie",
                                        name));
}

}  // namespace

config::connector http_server_source_declaration() {
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "http_server";
  c.doc =
      "Listens for HTTP requests; each is a record, and is answered once it is durable in the state folder";
  c.options = options();
  c.check = check;
  c.source = [](const config::values& options) {
    const auto& address = options.text("listen");
    // Timestamps are those of arrival, which the spool keeps.
    return config::source_traits{
        .log = address, .place = address, .stores_timestamps = true, .asks_server = true, .receives = true};
  };
  c.guarantee = "a request that was answered with 200 is processed exactly once; one that was not answered "
                "may have been taken or not";
  return c;
}

std::unique_ptr<reader> make_http_server_reader(const config::values& options, const spool_place& at,
                                                std::shared_ptr<feeds> running, const wall_clock& clock) {
  auto make = [options, name = at.in_logs, &clock](spool_setup spool) -> expected<std::shared_ptr<feed>> {
    ASSIGN_OR_RETURN(auto r, routes::from(options.json("routes")));
    server_options s{name,
                     options.text("listen"),
                     std::move(r),
                     headers_of(options),
                     options.duration("timeout"),
                     static_cast<std::uint32_t>(options.size("max_header")),
                     static_cast<std::size_t>(options.integer("max_headers")),
                     options.size("max_body"),
                     static_cast<std::size_t>(options.integer("connections"))};
    return start_server_feed(std::move(s), std::move(spool), clock);
  };
  return make_spooled_reader(options, at, std::move(running), std::move(make), options.text("listen"));
}

connector http_server_source_connector() {
  return {.declared = http_server_source_declaration(),
          .reader = [](const config::values& options, const wants&,
                       const connector_context& at) -> expected<std::unique_ptr<reader>> {
            return make_http_server_reader(options, spool_of(at), at.feeds, *at.clock);
          }};
}

}  // namespace millrace::source
