#include "actors/connectors/kafka/client/connection_failure.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

// Explains a text that librdkafka 2.0.2 gave of a Kafka 4.3 with a plain, a SASL and a TLS listener.
kafka::connection_failure told(std::string_view text) { return kafka::why_not_connected(text, {}); }

}  // namespace

TEST_CASE("a refused connection is told without librdkafka's names and times") {
  const auto c =
      told("127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in "
           "state CONNECT, 1 identical error(s) suppressed)");
  CHECK(c.what == "Connect to ipv4#127.0.0.1:1 failed: Connection refused");
  CHECK(c.remedy == "start them, or correct `brokers`");
  CHECK(c.mends);
}

TEST_CASE("names of threads and connections are taken off, whichever broker it is") {
  CHECK(told("[thrd:127.0.0.1:9092/1]: ssl://127.0.0.1:9092/1: Connect failed: Connection refused (after 1ms "
             "in state "
             "CONNECT)")
            .what == "Connect failed: Connection refused");
  CHECK(told("127.0.0.1:9092/bootstrap: Send failed: Broken pipe (after 0ms in state UP)").vague);
  CHECK_FALSE(told("127.0.0.1:9092/bootstrap: Connection refused").vague);
}

TEST_CASE("a host that nobody knows is the address's fault") {
  const auto c =
      told("nosuchhost.invalid:9092/bootstrap: Failed to resolve 'nosuchhost.invalid:9092': Name or service "
           "not known (after 2ms in state CONNECT)");
  CHECK(c.remedy == "correct `brokers`: no such host is known here");
  CHECK(c.mends);
}

TEST_CASE("a plain client at a TLS or SASL listener is told which settings speak to it") {
  const auto tls =
      told("127.0.0.1:30300/bootstrap: Disconnected while requesting ApiVersion: might be caused by "
           "incorrect security.protocol configuration (connecting to a SSL listener?) or broker version is "
           "< 0.10 (see api.version.request) (after 153ms in state APIVERSION_QUERY)");
  CHECK_THAT(tls.remedy, Catch::Contains("set security.protocol to SSL"));
  CHECK(tls.mends);  // a broker that ends closes connections, too
  const auto sasl =
      told("127.0.0.1:20332/bootstrap: Disconnected: verify that security.protocol is correctly "
           "configured, broker might require SASL authentication (after 1ms in state UP)");
  CHECK_THAT(sasl.remedy, Catch::Contains("SASL_PLAINTEXT") && Catch::Contains("sasl.password"));
  CHECK(sasl.mends);
}

TEST_CASE("a TLS client at a plain listener is told to leave TLS out") {
  const auto c =
      told("ssl://127.0.0.1:17692/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected "
           "eof while reading (after 4ms in state SSL_HANDSHAKE)");
  CHECK_THAT(c.remedy, Catch::Contains("take security.protocol out of `properties`"));
}

TEST_CASE("an unknown certificate, a wrong password and a wrong mechanism do not mend by waiting") {
  const auto certificate = told("ssl://127.0.0.1:30300/bootstrap: SSL handshake failed: error:0A000086:SSL "
                                "routines::certificate verify "
                                "failed: broker certificate could not be verified, verify that "
                                "ssl.ca.location is correctly configured or "
                                "root CA certificates are installed (install ca-certificates package) (after "
                                "113ms in state SSL_HANDSHAKE)");
  CHECK_FALSE(certificate.mends);
  CHECK_THAT(certificate.remedy, Catch::Contains("ssl.ca.pem"));
  const auto password =
      told("sasl_plaintext://127.0.0.1:20332/bootstrap: SASL authentication error: Authentication "
           "failed: Invalid username or password (after 378ms in state AUTH_REQ)");
  CHECK_FALSE(password.mends);
  CHECK(password.what == "SASL authentication error: Authentication failed: Invalid username or password");
  CHECK(password.remedy == "correct sasl.username and sasl.password in `properties`");
  const auto mechanism =
      told("sasl_plaintext://127.0.0.1:20332/bootstrap: SASL SCRAM-SHA-256 mechanism handshake failed: "
           "Broker: Unsupported SASL mechanism: broker's supported mechanisms: PLAIN (after 304ms in "
           "state AUTH_HANDSHAKE)");
  CHECK_FALSE(mechanism.mends);
  CHECK_THAT(mechanism.what, Catch::Contains("supported mechanisms: PLAIN"));
  CHECK_THAT(mechanism.remedy, Catch::Contains("sasl.mechanism"));
  const auto none =
      told("sasl_plaintext://127.0.0.1:17692/bootstrap: SASL PLAIN mechanism handshake failed: Broker: "
           "Request not valid in current SASL state: broker's supported mechanisms:  (after 9ms in state "
           "AUTH_HANDSHAKE)");
  CHECK_FALSE(none.mends);
  CHECK_THAT(none.what, Catch::Contains("takes no SASL"));
}

TEST_CASE("a command line's own names stand in the remedy") {
  CHECK(kafka::why_not_connected("x/bootstrap: Connection refused", {"--kafka", "--property"}).remedy ==
        "start them, or correct --kafka");
}
