#include "actors/connectors/file/source/byte_stream.hpp"

#include "actors/connectors/file/source/packing.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace millrace::source {

namespace {

class plain_stream final : public byte_stream {
public:
  plain_stream(open_file file, std::uint64_t offset, std::optional<std::uint64_t> length)
      : file_(std::move(file)), offset_(offset), length_(length) {
    (void)posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  expected<std::size_t> read(char* to, std::size_t size) override {
    if (failed_)
      return tl::make_unexpected(*failed_);
    if (length_)
      size = offset_ >= *length_ ? 0 : std::min<std::uint64_t>(size, *length_ - offset_);
    if (size == 0)
      return 0;
    auto got = file_.read_at(offset_, to, size);
    if (!got)
      return got;
    if (offset_ == 0)
      if (auto why = why_packed({to, *got}, file_.path(), file_.path()); !why.empty()) {
        failed_ = user_error(ec::unsupported, std::move(why)).value();
        return tl::make_unexpected(*failed_);
      }
    offset_ += *got;
    if (*got < size && length_) {
      failed_ = user_error(ec::mismatch,
                           fmt::format("{}: it ends at byte {} and was longer when the run began; put the "
                                       "whole file back, or begin anew with --fresh",
                                       file_.path(), offset_))
                    .value();
      return tl::make_unexpected(*failed_);
    }
    return got;
  }

private:
  open_file file_;
  std::uint64_t offset_;
  std::optional<std::uint64_t> length_;
  std::optional<error> failed_;
};

constexpr std::size_t input_size = 256 * 1024;  // some hundred reads a second at zlib's speed

class gzip_stream final : public byte_stream {
public:
  gzip_stream(open_file file, std::optional<std::uint64_t> length)
      : file_(std::move(file)), length_(length.value_or(std::numeric_limits<std::uint64_t>::max())),
        input_(input_size) {}
  ~gzip_stream() override {
    if (started_)
      inflateEnd(&z_);
  }

  expected<std::size_t> read(char* to, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && !ended_ && !failed_) {
      if (auto more = inflate_some(to + done, size - done)) {
        done += *more;
        produced_ += *more;
      } else {
        failed_ = std::move(more.error());
      }
    }
    if (done == 0 && failed_)
      return tl::make_unexpected(*failed_);
    return done;
  }

private:
  expected<bool> refill() {
    ASSIGN_OR_RETURN(auto got, file_.read_at(consumed_, input_.data(),
                                             std::min<std::uint64_t>(input_.size(), length_ - consumed_)));
    consumed_ += got;
    z_.next_in = reinterpret_cast<Bytef*>(input_.data());
    z_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  unexpected corrupt(std::string_view what, std::string_view remedy) const {
    return user_error(
        ec::corrupt,
        fmt::format("{}: {} after {} inflated bytes; all whole records before have been read. {}",
                    file_.path(), what, produced_, remedy));
  }

  expected<std::size_t> inflate_some(char* to, std::size_t size) {
    if (z_.avail_in == 0) {
      ASSIGN_OR_RETURN(auto more, refill());
      if (!more) {
        if (in_member_)
          return corrupt("the .gz file is cut off",
                         "Put the whole file in its place and run again: it goes on there");
        ended_ = true;
        return 0;
      }
    }
    if (!in_member_) {
      if (members_ > 0) {  // zeros after the last member are padding (tar, tape)
        while (z_.avail_in > 0 && *z_.next_in == 0) {
          ++z_.next_in;
          --z_.avail_in;
        }
        if (z_.avail_in == 0)
          return 0;
      }
      const int status = started_ ? inflateReset(&z_) : inflateInit2(&z_, 15 + 16);  // gzip frames only
      if (status != Z_OK)
        return our_error("zlib does not start");
      started_ = true;
      in_member_ = true;
      ++members_;
    }
    z_.next_out = reinterpret_cast<Bytef*>(to);
    z_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
    const auto asked = z_.avail_out;
    const int status = inflate(&z_, Z_NO_FLUSH);
    const std::size_t got = asked - z_.avail_out;
    if (status == Z_STREAM_END) {
      in_member_ = false;
      return got;
    }
    if (status == Z_OK || status == Z_BUF_ERROR)
      return got;
    if (got > 0)  // zlib says the same again at the next call
      return got;
    return corrupt(fmt::format("the .gz file is damaged ({})", z_.msg == nullptr ? "zlib" : z_.msg),
                   "Put the whole file back and begin anew with --fresh");
  }

  open_file file_;
  std::uint64_t length_;  // of the file
  std::vector<char> input_;
  z_stream z_{};
  bool started_ = false;
  bool in_member_ = false;
  bool ended_ = false;
  int members_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
  std::optional<error> failed_;
};

/// Text that `raw` gives from its beginning in another encoding.
class decoded_stream final : public byte_stream {
public:
  decoded_stream(std::unique_ptr<byte_stream> raw, std::string path, data::encoding from)
      : raw_(std::move(raw)), path_(std::move(path)), from_(from), input_(input_size, '\0') {}

  expected<std::size_t> read(char* to, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && (at_ < text_.size() || decode_some())) {
      const auto more = text_.copy(to + done, size - done, at_);
      at_ += more;
      done += more;
    }
    if (done == 0 && size > 0 && failed_)
      return tl::make_unexpected(*failed_);
    return done;
  }

private:
  /// Returns false if no more text comes, or failed_.
  bool decode_some() {
    text_.clear();
    at_ = 0;
    if (failed_ || ended_)
      return false;
    const auto got = raw_->read(input_.data(), input_.size());
    if (!got) {
      failed_ = got.error();
      return false;
    }
    const auto bytes = std::string_view(input_).substr(0, *got);
    if (!decoder_) {  // a stream gives less than a head only where there is no more
      if (const auto why = data::why_not_read_by(from_, bytes.substr(0, 3)); !why.empty()) {
        failed_ = user_error(ec::refused, fmt::format("{}: {}", path_, why)).value();
        return false;
      }
      decoder_.emplace(from_, bytes.substr(0, 3));
    }
    ended_ = bytes.empty();
    decoder_->decode(bytes, ended_, text_);
    return true;
  }

  std::unique_ptr<byte_stream> raw_;
  std::string path_;
  data::encoding from_;
  std::string input_;
  std::optional<data::text_decoder> decoder_;  // once the file's head is known
  std::string text_;
  std::size_t at_ = 0;  // text_ is given up to there
  bool ended_ = false;
  std::optional<error> failed_;
};

expected<void> pass_bytes(byte_stream& stream, const std::string& path, std::uint64_t count) {
  std::vector<char> scratch(std::min<std::uint64_t>(count, input_size));
  for (std::uint64_t passed = 0; passed < count;) {
    ASSIGN_OR_RETURN(const auto got,
                     stream.read(scratch.data(), std::min<std::uint64_t>(count - passed, scratch.size())));
    if (got == 0)
      return user_error(ec::mismatch, fmt::format("{}: its text has {} bytes and was longer when it was "
                                                  "read; put the whole file back, or begin anew with --fresh",
                                                  path, passed));
    passed += got;
  }
  return {};
}

}  // namespace

expected<open_file> open_file::open(const std::string& path) {
  // O_NONBLOCK: the writer of a named pipe may never come, and open() must not wait for it.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0) {
    open_file opened(fd, path);
    struct stat info {};
    if (::fstat(fd, &info) != 0)
      return outside_error(ec::io, fmt::format("{}: {}", path, std::strerror(errno)));
    if (!S_ISREG(info.st_mode))
      return user_error(
          ec::unsupported,
          fmt::format("{} is not a regular file, so it cannot be read again after a crash; write it to a "
                      "file first",
                      path));
    return opened;
  }
  const int why = errno;
  const auto text = fmt::format("{}: cannot be opened: {}", path, std::strerror(why));
  if (why == ENOENT || why == ENOTDIR)
    return user_error(ec::not_found, text);
  if (why == EACCES || why == EPERM)
    return user_error(ec::refused, text + "; give this user the right to read it");
  return outside_error(ec::io, text);
}

expected<open_file> open_file::duplicate() const {
  const int fd = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    return outside_error(ec::io, fmt::format("{}: {}", path_, std::strerror(errno)));
  return open_file(fd, path_);
}

expected<std::size_t> open_file::read_at(std::uint64_t offset, char* to, std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::pread(fd_.get(), to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return outside_error(
          ec::io, fmt::format("{}: reading at byte {}: {}", path_, offset + done, std::strerror(errno)));
    if (got == 0)
      break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

expected<bool> is_gzip(const open_file& file) {
  unsigned char magic[3] = {};
  ASSIGN_OR_RETURN(auto got, file.read_at(0, reinterpret_cast<char*>(magic), sizeof(magic)));
  return got >= 2 && magic[0] == 0x1F && magic[1] == 0x8B && (got == 2 || magic[2] == 8);
}

expected<zero_bytes> leading_zeros(const open_file& file, std::uint64_t known) {
  // Most files begin with text; more is read where it has to be.
  constexpr std::size_t first_look = 64;
  constexpr std::size_t look = std::size_t{256} << 10U;
  auto packed = is_gzip(file);
  auto duplicate = file.duplicate();
  if (!packed || !duplicate)
    return tl::make_unexpected(packed ? duplicate.error() : packed.error());
  if (!*packed)
    // A hole holds zeros and need not be read. A file system without holes shows all of it as data.
    if (const auto data = ::lseek(file.fd(), static_cast<off_t>(known), SEEK_DATA); data > 0)
      known = std::max(known, static_cast<std::uint64_t>(data));
  ASSIGN_OR_RETURN(auto stream, open_stream(std::move(*duplicate), known, std::nullopt));
  std::string bytes(first_look, '\0');
  for (;;) {
    const auto got = stream->read(bytes.data(), bytes.size());
    if (!got && got.error().code != ec::corrupt)
      return tl::make_unexpected(got.error());
    const std::size_t count = got ? *got : 0;  // reading the lines tells of what is damaged
    const auto at = std::string_view(bytes.data(), count).find_first_not_of('\0');
    if (at != std::string_view::npos)
      return zero_bytes{known + at, true};
    known += count;
    if (count == 0)
      return zero_bytes{known, !got};
    bytes.resize(look);
  }
}

expected<passed_lines> pass_lines(byte_stream& stream, std::size_t lines) {
  constexpr std::size_t at_once = 64U << 10U;
  passed_lines out;
  for (std::string bytes(at_once, '\0'); out.lines < lines;) {
    ASSIGN_OR_RETURN(const auto got, stream.read(bytes.data(), bytes.size()));
    if (got == 0)
      return out;
    const auto begin = out.all;
    out.all += got;
    for (std::size_t at = 0; at < got && out.lines < lines; ++at) {
      if (bytes[at] != '\n')
        continue;
      ++out.lines;
      out.whole = begin + at + 1;
    }
  }
  out.all = out.whole;
  return out;
}

expected<std::unique_ptr<byte_stream>> open_stream(open_file file, std::uint64_t offset,
                                                   std::optional<std::uint64_t> length, data::encoding from) {
  ASSIGN_OR_RETURN(auto packed, is_gzip(file));
  const bool is_decoded = from != data::encoding::utf_8;
  if (!packed && !is_decoded)
    return std::make_unique<plain_stream>(std::move(file), offset, length);
  const auto path = file.path();
  std::unique_ptr<byte_stream> stream;
  if (packed)
    stream = std::make_unique<gzip_stream>(std::move(file), length);
  else
    stream = std::make_unique<plain_stream>(std::move(file), 0, length);
  if (is_decoded)
    stream = std::make_unique<decoded_stream>(std::move(stream), path, from);
  RETURN_IF_ERROR(pass_bytes(*stream, path, offset));
  return stream;
}

}  // namespace millrace::source
