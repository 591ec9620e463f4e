#include "actors/connectors/parquet/storage/s3_folder.hpp"

#include "actors/connectors/parquet/s3/bucket.hpp"
#include "actors/connectors/parquet/storage/remote_folder.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace millrace::storage {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

http::exchange_options signed_for(const s3_place& p, http::exchange_options o) {
  http::signature s{p.region, p.access_key, p.secret_key, {}};
  if (s.region.empty())
    s.region = environment("AWS_REGION");
  if (s.region.empty())
    s.region = "us-east-1";
  if (s.access_key.empty()) {
    s.access_key = environment("AWS_ACCESS_KEY_ID");
    s.secret_key = environment("AWS_SECRET_ACCESS_KEY");
    s.token = environment("AWS_SESSION_TOKEN");
  }
  if (!s.access_key.empty())
    o.sign = std::move(s);
  return o;
}

class folder_in_s3 final : public remote_folder {
public:
  folder_in_s3(s3_place place, http::exchange_options options)
      : place_(std::move(place)), options_(std::move(options)),
        in_(place_.endpoint, place_.bucket, signed_for(place_, options_)) {}

  expected<std::vector<entry>> list(const std::string& folder) override {
    auto prefix = key_of(folder);
    if (!prefix.empty() && !prefix.ends_with('/'))
      prefix += '/';
    ASSIGN_OR_RETURN(auto found, in_.list(prefix));
    std::vector<entry> all;
    for (auto& e : found)
      all.push_back({std::move(e.name), e.is_folder});
    return all;
  }

  expected<void> remove(const std::string& name) override { return in_.remove(key_of(name)); }

  std::string shown(const std::string& name) const override {
    auto out = fmt::format("s3://{}/{}", place_.bucket, key_of(name));
    while (out.ends_with('/'))
      out.pop_back();
    return out;
  }

  expected<std::optional<std::uint64_t>> size_of(const std::string& name) override {
    return in_.size_of(key_of(name));
  }

  expected<std::string> read(const std::string& name, std::uint64_t offset, std::uint64_t length) override {
    return in_.read(key_of(name), offset, length);
  }

protected:
  std::unique_ptr<remote_folder> another() const override {
    return std::make_unique<folder_in_s3>(place_, options_);
  }

  expected<bool> send(const std::filesystem::path& whole, std::uint64_t,
                      const std::string& visible) override {
    return in_.put(key_of(visible), whole, false);
  }

  expected<void> place(const std::filesystem::path& whole, std::uint64_t,
                       const std::string& hidden) override {
    return in_.put(key_of(hidden), whole, true).map([](bool) {});
  }

  /// S3 has no rename. A copy is visible whole or not at all, and the hidden key is removed only after the
  /// copy.
  expected<bool> move(const std::string& hidden, const std::string& visible) override {
    RETURN_IF_ERROR(in_.copy(key_of(hidden), key_of(visible)));
    RETURN_IF_ERROR(in_.remove(key_of(hidden)));
    return true;
  }

  expected<bool> write(const std::string& name, const std::string& text, bool replace) override {
    return in_.put(key_of(name), text, replace);
  }

private:
  std::string key_of(const std::string& name) const {
    return place_.prefix.empty() ? name : name.empty() ? place_.prefix : place_.prefix + '/' + name;
  }

  s3_place place_;
  http::exchange_options options_;
  s3::bucket in_;
};

}  // namespace

std::unique_ptr<table_folder> s3_folder(s3_place place, http::exchange_options options) {
  return std::make_unique<folder_in_s3>(std::move(place), std::move(options));
}

}  // namespace millrace::storage
