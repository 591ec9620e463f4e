// Tests which properties of librdkafka a topology may set.
#include "actors/connectors/kafka/client/properties.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;

namespace {

std::string finding_of(const std::string& name, const std::string& value,
                       const std::set<std::string>& allowed = {}) {
  const auto found = kafka::check_properties({{name, value}}, {}, allowed);
  return found.empty() ? std::string() : found.front().name + ": " + found.front().message;
}

}  // namespace

TEST_CASE("properties are checked without a broker, all of them, and secrets are not shown") {
  const auto findings = kafka::check_properties({{"group.id", "x"},
                                                 {"fetch.min.bytes", "many"},
                                                 {"no.such", "1"},
                                                 {"sasl.password", "hunter2"},
                                                 {"linger.ms", "5"}},
                                                {{"group.id", "use the option `group`"}}, {});
  REQUIRE(findings.size() == 3);
  CHECK(findings[0].name == "fetch.min.bytes");
  CHECK(findings[1].message == "group.id is set by millrace; use the option `group`");
  CHECK_THAT(findings[2].message, Catch::Contains("has no property no.such"));
  for (const auto& f : findings)
    CHECK_THAT(f.message, !Catch::Contains("hunter2"));
}

TEST_CASE("a property that does more than talk to brokers is refused with the reason and the switch") {
  for (const auto* name : {"plugin.library.paths", "ssl.engine.location", "ssl.engine.id", "ssl.providers"})
    CHECK_THAT(finding_of(name, "/tmp/x.so"),
               Catch::Contains("loads code") &&
                   Catch::Contains(std::string("--allow-kafka-property ") + name));
  for (const auto* name : {"sasl.kerberos.kinit.cmd", "sasl.kerberos.keytab", "sasl.kerberos.principal",
                           "sasl.kerberos.service.name"})
    CHECK_THAT(finding_of(name, "id"), Catch::Contains("a shell runs"));
  CHECK_THAT(finding_of("ssl.ca.location", "/x"), Catch::Contains("the text itself by ssl.ca.pem"));
  CHECK_THAT(finding_of("ssl.crl.location", "/x"),
             Catch::Contains("opens a file") || Catch::Contains("open a file"));
  CHECK_THAT(finding_of("enabled_events", "1"), Catch::Contains("none of the properties that are known"));
}

TEST_CASE("the process may allow a property, and nothing is loaded where it is checked") {
  CHECK(finding_of("plugin.library.paths", "/no/such/library.so", {"plugin.library.paths"}).empty());
  CHECK(finding_of("ssl.ca.location", "/x", {"ssl.ca.location"}).empty());
  CHECK_FALSE(finding_of("ssl.ca.location", "/x", {"ssl.crl.location"}).empty());
}

TEST_CASE("the connector's own properties stay its own, whatever is allowed") {
  CHECK(kafka::check_properties({{"acks", "1"}}, {{"acks", "it needs all"}}, {"acks"}).size() == 1);
}

TEST_CASE("Kerberos is refused where it is named, and where it is librdkafka's own choice") {
  CHECK_THAT(finding_of("sasl.mechanism", "GSSAPI"), Catch::Contains("has a shell run kinit"));
  for (const auto* protocol : {"sasl_plaintext", "SASL_SSL", "Sasl_Ssl"})
    CHECK_THAT(finding_of("security.protocol", protocol), Catch::Contains("sasl.mechanism is missing"));
  CHECK(finding_of("security.protocol", "ssl").empty());
  CHECK(finding_of("security.protocol", "sasl_ssl", {"sasl.mechanism"}).empty());
  CHECK(kafka::check_properties({{"security.protocol", "sasl_ssl"}, {"sasl.mechanisms", "PLAIN"}}, {}, {})
            .empty());
}

TEST_CASE("a misspelt property is told with the one that may be meant") {
  CHECK_THAT(kafka::problem_of_property("ssl.ca.locations"),
             Catch::Contains("did you mean \"ssl.ca.location\"?"));
  CHECK(kafka::problem_of_property("linger.ms").empty());
  CHECK(kafka::problem_of_property("plugin.library.paths").empty());
}

TEST_CASE("a plan shows what is not a secret, and of SASL nothing") {
  for (const auto* name : {"security.protocol", "linger.ms", "ssl.ca.location", "debug"})
    CHECK(kafka::shows_property(name));
  for (const auto* name : {"sasl.password", "sasl.username", "ssl.key.pem", "ssl.key.password",
                           "ssl.keystore.password", "no.such"})
    CHECK_FALSE(kafka::shows_property(name));
}
