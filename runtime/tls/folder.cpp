#include "runtime/tls/folder.hpp"

#include "runtime/tls/handles.hpp"
#include "runtime/tls/key_files.hpp"
#include "runtime/tls/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <openssl/err.h>

namespace millrace::tls {
namespace {

namespace fs = std::filesystem;

file_pair authority_of(const std::string& dir) {
  return {(fs::path(dir) / "authority.crt").string(), (fs::path(dir) / "authority.key").string()};
}

bool is_there(const std::string& path) {
  std::error_code failed;
  return fs::symlink_status(path, failed).type() != fs::file_type::not_found;
}

/// The key first: a certificate whose key is not there yet would look whole.
expected<void> write_pair(const file_pair& to, const key_and_certificate& what, bool replaces) {
  RETURN_IF_ERROR(write_whole(to.key, what.key, key_mode, replaces));
  return write_whole(to.certificate, what.certificate, certificate_mode, replaces);
}

expected<certificate> read_authority(const std::string& dir) {
  const auto path = authority_of(dir).certificate;
  const auto pem = read_certificate_file(path);
  if (!pem && pem.error().code == ec::not_found)
    return user_error(
        ec::not_found,
        fmt::format("there is no authority in {}: {} is missing; millrace tls init {} makes one", dir, path,
                    dir));
  if (!pem)
    return unexpected(pem.error());
  return certificate::from_pem(*pem, path);
}

expected<key_and_certificate> read_whole_authority(const std::string& dir) {
  RETURN_IF_ERROR(read_authority(dir));
  const auto files = authority_of(dir);
  ASSIGN_OR_RETURN(auto certificate, read_certificate_file(files.certificate));
  auto key = read_key_file(files.key);
  if (!key && key.error().code == ec::not_found)
    return user_error(
        ec::not_found,
        fmt::format("{} is missing; certificates are made where the authority's key is", files.key));
  if (!key)
    return unexpected(key.error());
  return key_and_certificate{std::move(*key), std::move(certificate)};
}

/// Names of those in the folder that have a certificate of the kind, in their order.
std::vector<std::string> names_in(const std::string& dir, role is) {
  const auto prefix = fmt::format("{}-", to_string(is));
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator at(dir, failed), end; !failed && at != end; at.increment(failed)) {
    const auto name = at->path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".crt"))
      out.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 4));
  }
  std::ranges::sort(out);
  return out;
}

expected<credentials> load(const std::string& dir, role is, const std::string& name, event_micros now) {
  RETURN_IF_ERROR(check_name(to_string(is), name));
  ASSIGN_OR_RETURN(auto authority, read_authority(dir));
  auto files = files_of(dir, is, name);
  const auto missing = [&](const std::string& path) {
    return user_error(ec::not_found,
                      fmt::format("{} is missing; make it where the authority's key is: millrace "
                                  "tls {} {} --dir {}",
                                  path, to_string(is), name, dir));
  };
  auto pem = read_certificate_file(files.certificate);
  if (!pem)
    return pem.error().code == ec::not_found ? missing(files.certificate) : unexpected(pem.error());
  auto key_pem = read_key_file(files.key);
  if (!key_pem)
    return key_pem.error().code == ec::not_found ? missing(files.key) : unexpected(key_pem.error());
  ASSIGN_OR_RETURN(const auto own, certificate::from_pem(*pem, files.certificate));
  const auto key = read_key(*key_pem);
  if (!key || X509_check_private_key(own.get(), key.get()) != 1) {
    ERR_clear_error();
    return user_error(
        ec::mismatch,
        fmt::format("{} is not the key of {}; make both anew: millrace tls {} {} --dir {} --replace",
                    files.key, files.certificate, to_string(is), name, dir));
  }
  // The own certificate is judged as the other side will do it.
  if (const auto good = verify_peer(own, authority, {false, is == role::node, name, {}}, now); !good)
    return user_error(ec::refused, fmt::format("{}: {}", files.certificate, good.error().why));
  return credentials{is,
                     name,
                     std::move(authority),
                     authority_of(dir).certificate,
                     {std::move(*key_pem), std::move(*pem)},
                     std::move(files)};
}

}  // namespace

file_pair files_of(const std::string& dir, role is, const std::string& name) {
  const auto stem = (fs::path(dir) / fmt::format("{}-{}", to_string(is), name)).string();
  return {stem + ".crt", stem + ".key"};
}

expected<void> init_folder(const std::string& dir, const validity& when) {
  RETURN_IF_ERROR(make_folder(dir));
  const auto files = authority_of(dir);
  for (const auto& path : {files.key, files.certificate})
    if (is_there(path))
      return user_error(
          ec::already_exists,
          fmt::format("{} is there: {} has an authority, and all certificates of its cluster would "
                      "be worthless with another; choose another folder, or remove this one",
                      path, dir));
  std::error_code failed;
  if (fs::directory_iterator(dir, failed) != fs::directory_iterator())
    return user_error(ec::already_exists,
                      fmt::format("{} is there and is not empty; expected a new folder for "
                                  "the authority and its certificates",
                                  dir));
  ASSIGN_OR_RETURN(const auto authority, make_authority(when));
  return write_pair(files, authority, false);
}

expected<file_pair> issue(const std::string& dir, const subject& of, const validity& when, if_there old) {
  RETURN_IF_ERROR(check_name(to_string(of.is), of.name));
  ASSIGN_OR_RETURN(const auto authority, read_whole_authority(dir));
  auto files = files_of(dir, of.is, of.name);
  const bool replaces = old == if_there::replace;
  const auto is_taken = [&](const std::string& path) {
    return user_error(
        ec::already_exists,
        fmt::format("{} is there; --replace makes a new key and certificate in its place, and what "
                    "uses the old ones has to be started again",
                    path));
  };
  for (const auto& path : {files.certificate, files.key})
    if (!replaces && is_there(path))
      return is_taken(path);
  ASSIGN_OR_RETURN(const auto made, make_certificate(authority, of, when));
  if (const auto done = write_pair(files, made, replaces); !done)
    return done.error().code == ec::already_exists ? is_taken(files.key) : unexpected(done.error());
  return files;
}

expected<credentials> node_credentials(const std::string& dir, const std::string& name, event_micros now) {
  return load(dir, role::node, name, now);
}

expected<credentials> client_credentials(const std::string& dir, const std::string& name, event_micros now) {
  if (!name.empty())
    return load(dir, role::client, name, now);
  for (const auto is : {role::client, role::node}) {
    const auto names = names_in(dir, is);
    if (names.size() == 1)
      return load(dir, is, names.front(), now);
    if (!names.empty())
      return user_error(ec::invalid_argument,
                        fmt::format("{} holds certificates of several {}s ({}); name one: --tls-client NAME",
                                    dir, to_string(is), fmt::join(names, ", ")));
  }
  RETURN_IF_ERROR(read_authority(dir));
  return user_error(ec::not_found, fmt::format("{} holds no certificate of a client; make one where the "
                                               "authority's key is: millrace tls client NAME --dir {}",
                                               dir, dir));
}

}  // namespace millrace::tls
