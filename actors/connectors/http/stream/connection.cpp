#include "actors/connectors/http/stream/connection.hpp"

#include "actors/connectors/http/client/exchange.hpp"
#include "actors/connectors/http/client/origin.hpp"
#include "actors/connectors/http/stream/answer.hpp"
#include "config/secrets.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::source {
namespace {

constexpr long connect_timeout_s = 10;
constexpr long buffer_bytes = 256 << 10;
constexpr auto accept = "Accept: application/json, */*;q=0.5";

}  // namespace

connection::connection(const transfers& all, const stream_options& options,
                       const std::optional<std::string>& resume, take on_bytes)
    : all_(all), shown_url_(shown(options.url)), redirects_(options.redirects),
      on_bytes_(std::move(on_bytes)), easy_(curl_easy_init()) {
  auto url = options.url;
  if (resume) {
    const auto escaped = [&](const std::string& text) {
      char* const out = curl_easy_escape(easy_.get(), text.data(), static_cast<int>(text.size()));
      std::string copy(out);
      curl_free(out);
      return copy;
    };
    url = with_parameter(std::move(url), escaped(options.since_parameter), escaped(*resume));
  }
  set_up(options);
  for (const auto& [name, value] : options.headers)
    add_header(fmt::format("{}: {}", name, value));
  ask(url);
}

connection::~connection() { curl_multi_remove_handle(all_.get(), easy_.get()); }

void connection::add_header(const std::string& text) {
  auto* const first = headers_.release();
  headers_.reset(curl_slist_append(first, text.c_str()));
}

void connection::ask(const std::string& url) {
  url_ = url;
  curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  curl_multi_add_handle(all_.get(), easy_.get());
}

/// libcurl follows none by itself: it would take the headers along, of which any may be a secret.
std::optional<std::string> connection::sent_on_to() {
  long status = 0;
  curl_header* to = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool is_redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (accepted_ || redirects_ == 0 || !is_redirect ||
      curl_easy_header(easy_.get(), "Location", 0, CURLH_HEADER, -1, &to) != CURLHE_OK)
    return std::nullopt;
  return http::resolved(url_, to->value);
}

expected<void> connection::follow(const std::string& to) {
  if (followed_++ == redirects_)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: more than {} redirects; check `url`, or allow more `redirects`",
                                  shown_url_, redirects_));
  const auto what = http::onward_from(url_, to);
  if (what == http::onward::nothing)
    return user_error(ec::refused,
                      fmt::format("{}: sent on to {}, where others could read what is asked for; give the "
                                  "address in `url` if that is meant",
                                  shown_url_, visible(shown(to))));
  if (what == http::onward::bare && !std::exchange(has_left_, true)) {
    headers_.reset();
    add_header(accept);
  }
  curl_multi_remove_handle(all_.get(), easy_.get());
  problem_[0] = '\0';
  ask(to);
  return {};
}

void connection::set_up(const stream_options& options) {
  CURL* const easy = easy_.get();
  add_header(accept);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "millrace");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem_.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  if (options.compression)
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // accepts all encodings that this libcurl can undo
  if (!options.ca_file.empty())
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!options.proxy.empty())
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
}

expected<void> connection::look_at_answer() {
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
  auto accepted = judge(shown_url_, status, type == nullptr ? "" : type);
  if (!accepted && has_left_)
    accepted.error().message +=
        fmt::format("; it was sent on to {}, and `headers` do not go along to another origin", shown(url_));
  return accepted;
}

/// The empty line after the headers of the last answer, redirects done: the stream may be silent for long.
std::size_t connection::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& c = *static_cast<connection*>(self);
  const std::string_view line(bytes, size * count);
  if (line != "\r\n" && line != "\n")
    return size * count;
  long status = 0;
  curl_easy_getinfo(c.easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool goes_on = status < 200 || (status >= 300 && status < 400);
  if (!goes_on && c.look_at_answer())
    c.accepted_ = true;
  c.last_bytes_ = std::chrono::steady_clock::now();
  return size * count;
}

std::size_t connection::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& c = *static_cast<connection*>(self);
  c.last_bytes_ = std::chrono::steady_clock::now();
  if (!c.accepted_)
    return 0;  // the text of an error or a page is no record
  if (c.on_bytes_({bytes, size * count}))
    return size * count;
  c.paused_ = true;
  return CURL_WRITEFUNC_PAUSE;
}

std::optional<expected<void>> connection::work() {
  int running = 0;
  curl_multi_perform(all_.get(), &running);
  int left = 0;
  const CURLMsg* const m = curl_multi_info_read(all_.get(), &left);
  if (m == nullptr)
    return std::nullopt;
  const auto code = m->data.result;
  if (const auto to = sent_on_to()) {
    auto followed = follow(*to);
    return followed ? std::nullopt : std::optional(std::move(followed));
  }
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (!accepted_ && status != 0) {
    auto answer = look_at_answer();
    if (!answer)
      return answer;
  }
  if (code == CURLE_OK)
    return expected<void>();
  // libcurl cuts its words, so secrets leave them before anything is added behind.
  const auto why = config::without_secrets(problem_[0] != '\0' ? problem_.data() : curl_easy_strerror(code));
  auto text = fmt::format("{}: {}", shown_url_, visible(why));
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
    text += http::certificate_remedy(why);
  const bool in_vain = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
                       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION;
  if (in_vain)
    return user_error(ec::invalid_argument, std::move(text));
  return outside_error(ec::unavailable, std::move(text));
}

void connection::go_on() {
  paused_ = false;
  last_bytes_ = std::chrono::steady_clock::now();
  curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
}

}  // namespace millrace::source
