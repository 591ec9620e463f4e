#include "actors/connectors/http/client/exchange.hpp"

#include "config/secrets.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <curl/curl.h>
#include <system_error>
#include <utility>

namespace millrace::http {
namespace {

constexpr long connect_timeout_s = 10;
constexpr long silence_s = 30;
constexpr long upload_buffer_bytes = 1 << 20;
constexpr long first_refusal = 300;
constexpr std::uint64_t longest_refusal = 64 << 10;  // a longer body is not waited for

struct release {
  void operator()(CURL* p) const { curl_easy_cleanup(p); }
  void operator()(curl_slist* p) const { curl_slist_free_all(p); }
  void operator()(std::FILE* p) const { std::fclose(p); }
};

struct taken {
  CURL* easy = nullptr;
  std::string body;
  std::uint64_t most = 0;
  bool too_long = false;
  bool enough = false;
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& t = *static_cast<taken*>(to);
  long status = 0;
  curl_easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= first_refusal) {  // says why, however little was asked for
    t.body.append(bytes, std::min<std::uint64_t>(size * count, longest_refusal - t.body.size()));
    t.enough = t.body.size() == longest_refusal;
    return t.enough ? 0 : size * count;
  }
  if (t.body.size() + size * count > t.most) {
    t.too_long = true;
    return 0;
  }
  t.body.append(bytes, size * count);
  return size * count;
}

/// Tells whether a transfer goes on, or only drips.
struct pace {
  using clock = std::chrono::steady_clock;
  static constexpr curl_off_t step = 64 << 10;

  const exchange_options* options = nullptr;
  clock::time_point begin = clock::now();
  clock::time_point since = clock::now();
  curl_off_t mark = 0;  // bytes of both ways by then
  bool is_sent = false;
  bool is_over = false;
  bool is_stopped = false;
  bool is_told = false;
};

/// libcurl calls it once a second at least, and with each part of a transfer.
int look(void* of, curl_off_t, curl_off_t got, curl_off_t to_send, curl_off_t sent) {
  auto& p = *static_cast<pace*>(of);
  const bool is_sent = sent == to_send;
  if (got + sent >= p.mark + pace::step || is_sent != p.is_sent) {
    p.mark = got + sent;
    p.is_sent = is_sent;
    p.since = pace::clock::now();
  }
  const auto& o = *p.options;
  const auto now = pace::clock::now();
  p.is_over = now - p.since > o.patience;
  p.is_stopped = o.stop != nullptr && o.stop->load();
  if (o.on_silence && now - p.begin >= o.silent_after && !std::exchange(p.is_told, true))
    o.on_silence();
  return p.is_over || p.is_stopped ? 1 : 0;
}

std::size_t give(char* to, std::size_t size, std::size_t count, void* from) {
  auto* const file = static_cast<std::FILE*>(from);
  const auto read = std::fread(to, size, count, file);
  return read == 0 && std::ferror(file) != 0 ? CURL_READFUNC_ABORT : read * size;
}

/// A connection that has gone stale is tried anew by libcurl, which then sends the body again.
int seek(void* in, curl_off_t offset, int origin) {
  return ::fseeko(static_cast<std::FILE*>(in), offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

using header_list = std::unique_ptr<curl_slist, release>;
using body_file = std::unique_ptr<std::FILE, release>;

void add(header_list& to, const char* text) {
  auto* const first = to.release();
  to.reset(curl_slist_append(first, text));
}

header_list headers_of(const request& r, const std::optional<signature>& sign) {
  header_list out;
  add(out, "Expect:");
  for (const auto& h : r.headers)
    add(out, h.c_str());
  if (sign) {
    // S3 wants to be told, and libcurl 7.88 does not do it by itself.
    add(out, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
    if (!sign->token.empty())
      add(out, ("x-amz-security-token: " + sign->token).c_str());
  }
  return out;
}

void set_connection(CURL* easy, const exchange_options& options, char* problem) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "millrace");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, silence_s);
  if (!options.ca_file.empty())
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (options.sign) {
    const auto& s = *options.sign;
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:s3", s.region).c_str());
    curl_easy_setopt(easy, CURLOPT_USERNAME, s.access_key.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, s.secret_key.c_str());
  }
}

expected<body_file> send_file(CURL* easy, const std::filesystem::path& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  body_file file;
  if (!failed) {
    file.reset(std::fopen(path.c_str(), "rbe"));
    if (!file)
      failed = {errno, std::generic_category()};
  }
  if (failed)
    return outside_error(ec::io, fmt::format("cannot read {}: {}", path.string(), failed.message()));
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(easy, CURLOPT_READDATA, file.get());
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, file.get());
  return file;
}

/// Returns the file that has to stay open while the request is sent; null for none.
expected<body_file> set_request(CURL* easy, const request& r) {
  curl_easy_setopt(easy, CURLOPT_URL, r.url.c_str());
  expected<body_file> file;
  if (!r.file.empty()) {
    file = send_file(easy, r.file);
  } else if (r.method == "PUT" || r.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(r.body.size()));
  }
  if (r.method == "HEAD")
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  else
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r.method.c_str());
  return file;
}

/// Says why there is no answer, as far as there is none. `problem`: libcurl's own words.
expected<void> outcome_of(CURLcode code, const request& r, const taken& got, const pace& seen,
                          std::string_view problem) {
  if (seen.is_stopped)
    return unexpected(error{ec::cancelled,
                            fault::ours,
                            false,
                            fmt::format("{}: the request was stopped", without_query(r.url)),
                            {}});
  if (seen.is_over)
    return outside_error(ec::unavailable, fmt::format("{}: bytes come or go too slowly to be waited for",
                                                      without_query(r.url)));
  if (code == CURLE_ABORTED_BY_CALLBACK)
    return outside_error(ec::io, fmt::format("cannot read {} to its end", r.file.string()));
  if (got.too_long && r.longer_is_answer)
    return {};
  if (got.too_long)
    return outside_error(ec::unavailable, fmt::format("{} gave an answer of more than {} bytes",
                                                      without_query(r.url), r.most_bytes));
  if (code == CURLE_OK || got.enough)
    return {};
  // libcurl cuts its words, so secrets leave them before anything is added behind.
  const auto why = config::without_secrets(std::string(problem.empty() ? curl_easy_strerror(code) : problem));
  auto text = fmt::format("{}: {}", without_query(r.url), visible(why));
  if (code == CURLE_SSL_CACERT_BADFILE || code == CURLE_PEER_FAILED_VERIFICATION)
    return user_error(ec::refused, text.append(certificate_remedy(why)));
  return outside_error(ec::unavailable, std::move(text));
}

answer answer_of(CURL* easy, std::string body) {
  answer a;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &a.status);
  curl_off_t length = 0;
  curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  a.length = length > 0 ? static_cast<std::uint64_t>(length) : 0;
  const char* to = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &to);
  a.sent_on_to = to == nullptr ? "" : to;
  a.body = std::move(body);
  return a;
}

}  // namespace

struct exchange::handle {
  std::unique_ptr<CURL, release> easy;
  std::array<char, CURL_ERROR_SIZE> problem{};
};

exchange::exchange(exchange_options options)
    : options_(std::move(options)), handle_(std::make_unique<handle>()) {
  static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)initialised;
  handle_->easy.reset(curl_easy_init());
}

exchange::~exchange() = default;

expected<answer> exchange::send(const request& r) {
  CURL* const easy = handle_->easy.get();
  curl_easy_reset(easy);  // keeps its connections
  handle_->problem[0] = '\0';
  set_connection(easy, options_, handle_->problem.data());
  const auto headers = headers_of(r, options_.sign);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  ASSIGN_OR_RETURN(const auto file, set_request(easy, r));
  taken got;
  got.easy = easy;
  got.most = r.most_bytes;
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &got);
  pace seen{&options_};
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &seen);
  const auto code = curl_easy_perform(easy);
  return outcome_of(code, r, got, seen, handle_->problem.data()).map([&] {
    auto a = answer_of(easy, got.too_long ? std::string() : std::move(got.body));
    a.is_longer = got.too_long;
    return a;
  });
}

std::string_view certificate_remedy(std::string_view why) {
  if (why.find("target host name") != std::string_view::npos)
    return "; its certificate is for another name: ask for it by one that stands there, or look who answers";
  return "; name the authority that signed its certificate in `ca_file`";
}

}  // namespace millrace::http
