// The Kafka sink's options: what `check` says.
#include "actors/connectors/kafka/sink/kafka_sink.hpp"

#include <catch2/catch.hpp>

namespace millrace::sink {
namespace {

config::values options(std::string topic = "active2") {
  config::values o;
  o.set("brokers", std::string("localhost:9092"), {});
  o.set("topic", std::move(topic), {});
  return o;
}

data::schema input() {
  return data::schema({{"userid", data::type_id::text},
                       {"place", data::type::object_of({{"lat", data::type_id::float64}})},
                       {"_raw", data::type_id::text}});
}

std::vector<std::string> findings(const config::values& o) {
  const auto schema = input();
  std::vector<std::string> said;
  kafka_sink_declaration().check({o, &schema}, [&](std::string_view option, std::string m) {
    said.push_back(std::string(option) + ": " + m);
  });
  return said;
}

}  // namespace

TEST_CASE("Good options of the Kafka sink pass the check, and name their columns") {
  auto o = options("a.Valid_topic-1");
  o.set("key", std::string("userid"), {});
  o.set("value", std::string("_raw"), {});
  o.set("properties", std::map<std::string, std::string>{{"linger.ms", "50"}, {"sasl.password", "pa55"}}, {});
  CHECK(findings(o).empty());
  CHECK(kafka_sink_declaration().sink(o).columns_named == std::vector<std::string>{"userid", "_raw"});
}

TEST_CASE("Each wrong option of the Kafka sink is found, without secrets") {
  const auto finds = [](const config::values& o, const std::string& part) {
    const auto said = findings(o);
    INFO(part);
    REQUIRE(said.size() == 1);
    CHECK_THAT(said[0], Catch::Contains(part));
    CHECK_THAT(said[0], !Catch::Contains("pa55"));
  };
  for (const std::string name : {"", ".", "a b", "caf\xc3\xa9", "a/b"})
    finds(options(name), "not a topic's name");
  finds(options(std::string(250, 'x')), "not a topic's name");
  finds(options("millrace-positions"), "own positions");
  auto o = options();
  o.set("key", std::string("user"), {});
  finds(o, "key: there is no column \"user\"");
  o.set("key", std::string("place"), {});
  finds(o, "expected a column with single values");
  o = options();
  o.set("value", std::string("_key"), {});
  finds(o, "value: there is no column \"_key\"");
  const auto with = [](std::string name, std::string value) {
    auto p = options();
    p.set("properties", std::map<std::string, std::string>{{std::move(name), std::move(value)}}, {});
    return p;
  };
  finds(with("transactional.id", "x"), "transactional.id is set by millrace");
  finds(with("bootstrap.servers", "x"), "use the option `brokers`");
  finds(with("linger.msec", "pa55-unknown-names-show-no-value"), "linger.msec");
}

}  // namespace millrace::sink
