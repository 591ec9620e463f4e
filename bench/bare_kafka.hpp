// The bare Kafka clients of the benchmarks share this: they end where anything is wrong.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace millrace::bench {

[[noreturn]] inline void give_up(const char* what) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
  std::exit(1);
}

inline void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
    give_up(why);
}

/// Makes a client with everything that is set in `conf`, which it takes.
inline rd_kafka_t* new_client(rd_kafka_type_t type, rd_kafka_conf_t* conf, const char* brokers) {
  set(conf, "bootstrap.servers", brokers);
  char why[512];
  auto* client = rd_kafka_new(type, conf, why, sizeof why);
  if (client == nullptr)
    give_up(why);
  return client;
}

}  // namespace millrace::bench
