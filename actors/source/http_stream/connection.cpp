#include "actors/source/http_stream/connection.hpp"

#include "actors/source/http_stream/answer.hpp"

#include <fmt/format.h>

namespace millrace::source {
namespace {

constexpr long connect_timeout_s = 10;
constexpr long buffer_bytes = 256 << 10;

}  // namespace

connection::connection(const transfers& all, const stream_options& options,
                       const std::optional<std::string>& resume, take on_bytes)
    : all_(all), shown_url_(shown(options.url)), on_bytes_(std::move(on_bytes)), easy_(curl_easy_init()) {
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
  set_up(options, url);
  curl_multi_add_handle(all_.get(), easy_.get());
}

connection::~connection() { curl_multi_remove_handle(all_.get(), easy_.get()); }

void connection::set_up(const stream_options& options, const std::string& url) {
  CURL* const easy = easy_.get();
  curl_slist* list = curl_slist_append(nullptr, "Accept: application/json, */*;q=0.5");
  for (const auto& [name, value] : options.headers)
    list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
  headers_.reset(list);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
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
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, options.redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(options.redirects));
  if (options.compression)
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // whatever this libcurl can undo
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
  return judge(shown_url_, status, type == nullptr ? "" : type);
}

/// The empty line behind the headers of the last answer, redirects done: the stream may be silent for long.
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
    return 0;  // what an error or a page says is no record
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
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (!accepted_ && status != 0 && code != CURLE_TOO_MANY_REDIRECTS) {
    auto answer = look_at_answer();
    if (!answer)
      return answer;
  }
  if (code == CURLE_OK)
    return expected<void>();
  const std::string_view why = problem_[0] != '\0' ? problem_.data() : curl_easy_strerror(code);
  auto text = fmt::format("{}: {}", shown_url_, why);
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
    text += "; name the authority that signed its certificate in `ca_file`";
  if (code == CURLE_TOO_MANY_REDIRECTS)
    text += "; check `url`, or allow more `redirects`";
  const bool in_vain = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
                       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_TOO_MANY_REDIRECTS ||
                       code == CURLE_PEER_FAILED_VERIFICATION;
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
