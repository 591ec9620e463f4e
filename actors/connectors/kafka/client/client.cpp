#include "actors/connectors/kafka/client/client.hpp"

#include "config/text/mask.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

namespace millrace::kafka {

namespace {

spdlog::level::level_enum level_of(int syslog_level) {
  if (syslog_level <= 3)  // emergency to error
    return spdlog::level::err;
  if (syslog_level == 4)
    return spdlog::level::warn;
  return syslog_level <= 6 ? spdlog::level::info : spdlog::level::debug;
}

}  // namespace

struct client::state {
  client_options options;
  std::string brokers;
  std::vector<config::secret> secrets;

  std::mutex mutex;  // callbacks come from poll() and from librdkafka's threads
  bool outage = false;
  bool outage_taken = false;
  bool has_answered = false;  // ever
  bool is_doubtful = false;   // a connection has failed since an answer
  std::chrono::steady_clock::time_point last_answer;
  std::optional<connection_failure> last_failure;  // the last failed connection

  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
    auto& self = *static_cast<state*>(rd_kafka_opaque(handle));
    // A lost connection comes to on_error too, which tells the loss of one broker from that of all; but of
    // one that the broker has closed it says less. A transaction coordinator that loads its log, as at the
    // first start on a fresh Kafka, is asked again soon.
    const std::string_view of(facility);
    if (of == "FAIL") {
      const std::scoped_lock lock(self.mutex);
      self.has_failed(config::redact(text, self.secrets));
    }
    // A fatal error comes there, too, and a fenced client's owner says so itself.
    const auto says = [&](std::string_view what) {
      return std::string_view(text).find(what) != std::string_view::npos;
    };
    const bool told = of == "FAIL" || of == "ERROR" || of == "FATAL" ||
                      (of == "GETPID" && says("retrying")) || says("fenced") || says("old epoch");
    spdlog::log(told ? spdlog::level::debug : level_of(level), "{}: kafka {}: {}", self.options.name,
                facility, config::redact(text, self.secrets));
  }

  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* opaque) {
    auto& self = *static_cast<state*>(opaque);
    const auto text = config::redact(reason, self.secrets);
    const std::scoped_lock lock(self.mutex);
    switch (code) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:  // said again only when one was there meanwhile
      self.begin_outage();
      return;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      self.has_failed(text);  // one broker: it goes on with the others
      spdlog::debug("{}: kafka: {}", self.options.name, text);
      return;
    case RD_KAFKA_RESP_ERR__FATAL: {
      std::array<char, 512> detail{};
      const auto fatal = rd_kafka_fatal_error(handle, detail.data(), detail.size());
      // The owner of a fenced client reports the error itself and ends, since another life has its place: no
      // second line at error level.
      spdlog::log(translate(fatal, "", "").code == ec::fenced ? spdlog::level::debug : spdlog::level::err,
                  "{}: kafka: {}: {}", self.options.name, rd_kafka_err2name(fatal),
                  config::redact(detail.data(), self.secrets));
      return;
    }
    default:
      spdlog::warn("{}: kafka: {}: {}", self.options.name,
                   rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)), text);
    }
  }

  /// The caller holds the mutex.
  void begin_outage() {
    outage = true;
    outage_taken = false;
    spdlog::log(options.tells_outages ? spdlog::level::warn : spdlog::level::debug, "{}: {}", options.name,
                unreachable().message);
  }

  /// A connection has failed. The caller holds the mutex.
  void has_failed(std::string_view text) {
    is_doubtful = true;
    auto why = why_not_connected(text, options.names);
    if (!last_failure || !why.vague)
      last_failure = std::move(why);
  }

  /// The caller holds the mutex.
  [[nodiscard]] error unreachable() const {
    const auto f = last_failure.value_or(why_not_connected({}, options.names));
    const auto why = f.what.empty() ? std::string() : fmt::format(" ({})", f.what);
    const auto text = fmt::format("no Kafka broker of {} answers{}; {}", brokers, why, f.remedy);
    // Brokers that begin to refuse a client which they knew may come to know it again.
    if (f.mends || has_answered)
      return {ec::unavailable, fault::outside, true, text, {}};
    return {ec::refused, fault::user, false, text, {}};
  }

  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    static_cast<state*>(opaque)->options.delivered(*message);
  }
};

namespace {

// Every client needs these, and librdkafka sets them otherwise (its defaults in brackets): come back soon
// after a lost broker (10 s), notice one that hangs (60 s, 30 s).
const settings& base_settings() {
  static const settings all{
      {"reconnect.backoff.ms", "50"},      {"reconnect.backoff.max.ms", "500"},
      {"socket.timeout.ms", "4000"},       {"socket.connection.setup.timeout.ms", "4000"},
      {"socket.keepalive.enable", "true"}, {"log.connection.close", "false"}};
  return all;
}

expected<void> set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
                   const std::vector<config::secret>& secrets) {
  std::array<char, 512> text{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK)
    return {};
  return user_error(ec::invalid_argument,
                    fmt::format("properties: {}: {}; expected a property of librdkafka and one of its values",
                                name, config::redact(text.data(), secrets)));
}

}  // namespace

void release::operator()(rd_kafka_t* p) const {
  rd_kafka_destroy_flags(p, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

expected<client> client::open(rd_kafka_type_t type, const connection& to, client_options options) {
  auto s = std::make_unique<state>();
  s->options = std::move(options);
  s->brokers = to.brokers;
  for (const auto& [name, value] : to.properties) {
    if (is_secret_property(name))
      s->secrets.push_back({value, "***"});
  }

  owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  settings all = base_settings();
  all.insert(all.end(), to.properties.begin(), to.properties.end());
  all.insert(all.end(), s->options.own.begin(), s->options.own.end());
  all.emplace_back("bootstrap.servers", to.brokers);
  auto id = s->options.name;
  std::ranges::replace(id, '/', '-');
  all.emplace_back("client.id", std::move(id));
  for (const auto& [name, value] : all) {
    RETURN_IF_ERROR(set(conf.get(), name, value, s->secrets));
  }
  rd_kafka_conf_set_opaque(conf.get(), s.get());
  rd_kafka_conf_set_log_cb(conf.get(), &state::on_log);
  rd_kafka_conf_set_error_cb(conf.get(), &state::on_error);
  if (s->options.delivered)
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &state::on_delivery);

  std::array<char, 512> text{};
  owned<rd_kafka_t> handle(rd_kafka_new(type, conf.get(), text.data(), text.size()));
  if (!handle) {
    return user_error(ec::invalid_argument,
                      fmt::format("Kafka client for {}: {}; look at `brokers` and `properties`", to.brokers,
                                  config::redact(text.data(), s->secrets)));
  }
  (void)conf.release();  // librdkafka's since it succeeded
  return client(std::move(s), std::move(handle));
}

client::client(std::unique_ptr<state> s, owned<rd_kafka_t> handle)
    : state_(std::move(s)), handle_(std::move(handle)) {}
client::client(client&&) noexcept = default;
client& client::operator=(client&& other) noexcept {
  handle_.reset();  // its threads use the old state
  state_ = std::move(other.state_);
  handle_ = std::move(other.handle_);
  return *this;
}
client::~client() = default;

int client::poll(std::chrono::milliseconds timeout) const {
  return rd_kafka_poll(handle_.get(), static_cast<int>(timeout.count()));
}

std::optional<error> client::take_outage() const {
  {
    const std::scoped_lock lock(state_->mutex);
    if (!state_->outage || std::exchange(state_->outage_taken, true))
      return std::nullopt;
  }
  return outage();
}

std::optional<error> client::outage() const {
  const std::scoped_lock lock(state_->mutex);
  if (!state_->outage)
    return std::nullopt;
  return state_->unreachable();
}

std::optional<error> client::not_connected() const {
  const std::scoped_lock lock(state_->mutex);
  if (state_->has_answered)
    return std::nullopt;
  return state_->unreachable();
}

const std::string& client::brokers() const { return state_->brokers; }

void client::answered() const {
  const std::scoped_lock lock(state_->mutex);
  if (state_->outage && state_->options.tells_outages)
    spdlog::info("{}: Kafka answers again", state_->options.name);
  state_->outage = false;
  state_->has_answered = true;
  state_->is_doubtful = false;
  state_->last_answer = std::chrono::steady_clock::now();
}

bool client::is_doubtful(std::chrono::milliseconds silence) const {
  const std::scoped_lock lock(state_->mutex);
  return state_->is_doubtful || std::chrono::steady_clock::now() - state_->last_answer > silence;
}

void client::unanswered() const {
  const std::scoped_lock lock(state_->mutex);
  if (!state_->outage)
    state_->begin_outage();
}

bool client::in_outage() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->outage;
}

std::string client::redacted(std::string text) const {
  return config::redact(std::move(text), state_->secrets);
}

}  // namespace millrace::kafka
