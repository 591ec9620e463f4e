#include "actors/node/stores/store_properties.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::node;

namespace {

std::string refusal(std::string_view text, const std::set<std::string>& allowed = {}) {
  const auto parsed = parse_store_properties(text, "kafka.properties", allowed);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().whose == fault::user);
  CHECK(parsed.error().message.find("sesame") == std::string::npos);
  return parsed.error().message;
}

}  // namespace

TEST_CASE("properties of a store are a name and a value a line") {
  const auto parsed =
      parse_store_properties("# of the cluster\n\n security.protocol = sasl_ssl\r\nsasl.mechanism=PLAIN\n"
                             "sasl.username=millrace\nsasl.password=a=b # c\n"
                             "ssl.endpoint.identification.algorithm=https",
                             "f", {});
  REQUIRE(parsed);
  CHECK(*parsed == std::map<std::string, std::string>{{"security.protocol", "sasl_ssl"},
                                                      {"sasl.mechanism", "PLAIN"},
                                                      {"sasl.username", "millrace"},
                                                      {"sasl.password", "a=b # c"},
                                                      {"ssl.endpoint.identification.algorithm", "https"}});
  CHECK(parse_store_properties("", "f", {}).value().empty());
}

TEST_CASE("a property of a store is refused where it stands, as a topology's is") {
  CHECK_THAT(refusal("debug=all\n  sesame"), Catch::StartsWith("kafka.properties:2:3: it is not a property"));
  CHECK_THAT(refusal("=sesame"), Catch::StartsWith("kafka.properties:1:1: "));
  CHECK_THAT(refusal("debug=all\ndebug=sesame"),
             Catch::StartsWith("kafka.properties:2:1: debug stands there twice"));
  CHECK_THAT(refusal("\nplugin.library.paths=/x.so"),
             Catch::StartsWith("kafka.properties:2:1: ") && Catch::Contains("loads code") &&
                 Catch::Contains("--allow-kafka-property plugin.library.paths"));
  CHECK_THAT(refusal("ssl.ca.location=/x"), Catch::Contains("ssl.ca.pem"));
  CHECK(parse_store_properties("ssl.ca.location=/x", "f", {"ssl.ca.location"}));
  CHECK_THAT(refusal("security.protocol=sasl_ssl\nsasl.username=u"),
             Catch::Contains("sasl.mechanism is missing"));
  CHECK_THAT(refusal("bootstrap.servers=a:9092"), Catch::Contains("name the brokers in --store"));
  CHECK_THAT(refusal("acks=0"), Catch::Contains("acks is set by millrace"));
}

TEST_CASE("a certificate of a store has its line ends as \\n") {
  const std::string text = "-----BEGIN CERTIFICATE-----\\nTWlsbA==\\n-----END CERTIFICATE-----\\n";
  const auto parsed = parse_store_properties("sasl.password=a\\nb\nssl.ca.pem=" + text, "f", {});
  REQUIRE(parsed);
  CHECK(parsed->at("ssl.ca.pem") == "-----BEGIN CERTIFICATE-----\nTWlsbA==\n-----END CERTIFICATE-----\n");
  CHECK(parsed->at("sasl.password") == "a\\nb");
}

TEST_CASE("a store in Kafka is open where brokers of other machines are not told who asks") {
  using properties = std::map<std::string, std::string>;
  const auto is_open = [](const std::string& brokers, const properties& p = {}) {
    return openness_of({brokers, "t", p}).has_value();
  };
  CHECK(is_open("kafka:9092"));
  CHECK(is_open("127.0.0.1:9092,10.0.0.5:9092"));
  CHECK(is_open("127.example.com:9092"));
  CHECK(is_open("[fe80::1]:9092"));
  CHECK_FALSE(is_open("127.0.0.1:9092,LOCALHOST:9093,[::1]:9094,127.8.9.1,PLAINTEXT://localhost:1"));
  CHECK(is_open("kafka:9092", {{"security.protocol", "ssl"}, {"ssl.ca.pem", "x"}}));
  CHECK_FALSE(is_open("kafka:9092", {{"security.protocol", "SSL"}, {"ssl.certificate.pem", "x"}}));
  CHECK_FALSE(is_open("kafka:9092", {{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "PLAIN"}}));
  CHECK(is_open("kafka:9092", {{"sasl.mechanism", "PLAIN"}}));  // the mechanism is not used without the
                                                                // protocol
}
