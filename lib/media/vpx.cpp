#include "media/detail/vpx.hpp"

#include <parley/media/video_header.hpp>

#include "media/detail/vp9_frames.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

namespace parley::media::detail {
namespace {

/// A codec of libvpx, ended with it.
class vpx_context {
 public:
  vpx_context() = default;
  vpx_context(const vpx_context&) = delete;
  vpx_context& operator=(const vpx_context&) = delete;
  ~vpx_context() { end(); }

  vpx_codec_ctx_t* get() noexcept { return &codec_; }
  void end() noexcept {
    if (made_) vpx_codec_destroy(&codec_);
    made_ = false;
  }
  bool made(vpx_codec_err_t error) noexcept { return made_ = error == VPX_CODEC_OK; }

 private:
  vpx_codec_ctx_t codec_{};
  bool made_ = false;
};

vpx_codec_enc_cfg_t encoder_settings(vpx_codec_iface_t* codec,
                                     const video_encoder_options& options) noexcept {
  vpx_codec_enc_cfg_t settings{};
  vpx_codec_enc_config_default(codec, &settings, 0);
  settings.g_w = options.width;
  settings.g_h = options.height;
  settings.g_timebase = {1, static_cast<int>(video_format::clock_rate)};
  // No threads, and no pictures that wait for others.
  settings.g_threads = 1;
  settings.g_lag_in_frames = 0;
  settings.g_pass = VPX_RC_ONE_PASS;
  settings.rc_end_usage = VPX_CBR;
  settings.rc_target_bitrate = options.bit_rate / 1000;
  settings.rc_dropframe_thresh = 0;
  settings.rc_resize_allowed = 0;
  settings.rc_min_quantizer = 2;
  settings.rc_max_quantizer = 56;
  settings.rc_buf_initial_sz = 500;  // ms, as the next ones
  settings.rc_buf_optimal_sz = 600;
  settings.rc_buf_sz = 1000;
  settings.kf_mode = options.key_frame_interval == 0 ? VPX_KF_DISABLED : VPX_KF_AUTO;
  settings.kf_min_dist = 0;
  settings.kf_max_dist = options.key_frame_interval;
  return settings;
}

class vpx_encoder final : public video_encoder {
 public:
  explicit vpx_encoder(const video_encoder_options& options) noexcept : options_(options) {}

  bool open() noexcept {
    const bool vp8 = options_.codec == video_codec::vp8;
    auto* const codec = vp8 ? vpx_codec_vp8_cx() : vpx_codec_vp9_cx();
    settings_ = encoder_settings(codec, options_);
    if (!context_.made(vpx_codec_enc_init(context_.get(), codec, &settings_, 0))) return false;
    // VP8 takes as long as it may where this is positive, and asks a clock for it.
    const int speed = vp8 ? -int{options_.speed} : int{options_.speed};
    return vpx_codec_control(context_.get(), VP8E_SET_CPUUSED, speed) == VPX_CODEC_OK;
  }

  base::result<encoded_picture> encode(const picture_view& picture, std::uint32_t timestamp) override {
    if (picture.width() != options_.width || picture.height() != options_.height) return errc::bad_picture;
    if (last_timestamp_) {
      const std::uint32_t ahead = timestamp - *last_timestamp_;
      if (ahead == 0 || ahead > 0x7FFFFFFFU) return errc::late;
      time_ += ahead;
    }
    last_timestamp_ = timestamp;
    vpx_image_t image{};
    // libvpx reads from its pictures only, though its types don't say so.
    auto* const samples = const_cast<std::uint8_t*>(picture.samples(picture_plane::y).samples);
    if (vpx_img_wrap(&image, VPX_IMG_FMT_I420, options_.width, options_.height, 1, samples) == nullptr) {
      return errc::codec_failed;
    }
    for (const auto& [plane, place] : {std::pair{picture_plane::y, VPX_PLANE_Y},
                                       {picture_plane::u, VPX_PLANE_U},
                                       {picture_plane::v, VPX_PLANE_V}}) {
      image.planes[place] = const_cast<std::uint8_t*>(picture.samples(plane).samples);
      image.stride[place] = static_cast<int>(picture.samples(plane).stride);
    }
    const vpx_enc_frame_flags_t flags = key_frame_wanted_ ? VPX_EFLAG_FORCE_KF : 0;
    const unsigned long duration = video_format::clock_rate / options_.frame_rate;
    if (vpx_codec_encode(context_.get(), &image, time_, duration, flags, VPX_DL_REALTIME) != VPX_CODEC_OK) {
      return errc::codec_failed;
    }
    vpx_codec_iter_t iterator = nullptr;
    while (const vpx_codec_cx_pkt_t* const packet = vpx_codec_get_cx_data(context_.get(), &iterator)) {
      if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
      const auto& frame = packet->data.frame;
      const bool key_frame = (frame.flags & VPX_FRAME_IS_KEY) != 0;
      if (key_frame) key_frame_wanted_ = false;
      return encoded_picture{{static_cast<const std::byte*>(frame.buf), frame.sz}, key_frame};
    }
    return encoded_picture{};
  }

  void request_key_frame() noexcept override { key_frame_wanted_ = true; }

  base::result<void> set_bit_rate(std::uint32_t bits_per_second) noexcept override {
    if (bits_per_second < 1000) return errc::bad_parameters;
    settings_.rc_target_bitrate = bits_per_second / 1000;
    if (vpx_codec_enc_config_set(context_.get(), &settings_) != VPX_CODEC_OK) return errc::codec_failed;
    return {};
  }

 private:
  video_encoder_options options_;
  vpx_codec_enc_cfg_t settings_{};
  vpx_context context_;
  std::optional<std::uint32_t> last_timestamp_;
  vpx_codec_pts_t time_ = 0;
  bool key_frame_wanted_ = true;
};

class vpx_decoder final : public video_decoder {
 public:
  vpx_decoder(video_codec codec, const picture_limits& limits) noexcept : codec_(codec), limits_(limits) {}

  bool open() noexcept {
    context_.end();
    vpx_codec_dec_cfg_t settings{};
    settings.threads = 1;
    auto* const codec = codec_ == video_codec::vp8 ? vpx_codec_vp8_dx() : vpx_codec_vp9_dx();
    return context_.made(vpx_codec_dec_init(context_.get(), codec, &settings, 0));
  }

  base::result<picture_view> decode(std::span<const std::byte> frame) override {
    if (frame.size() > max_bytes) return errc::bad_frame;
    const auto checked = codec_ == video_codec::vp8 ? check_vp8(frame) : check_vp9(frame);
    if (!checked) return checked.error();
    const auto error = vpx_codec_decode(context_.get(), reinterpret_cast<const std::uint8_t*>(frame.data()),
                                        static_cast<unsigned>(frame.size()), nullptr, 0);
    if (error != VPX_CODEC_OK) {
      // What comes before a key frame couldn't be decoded anyway, and libvpx 1.12 never gets all of its
      // pictures back that were in use when it met an error: after a dozen of them it would take nothing
      // more.
      if (!open()) return errc::codec_failed;
      return errc::bad_frame;
    }
    const vpx_image_t* shown = nullptr;
    vpx_codec_iter_t iterator = nullptr;
    while (const vpx_image_t* const image = vpx_codec_get_frame(context_.get(), &iterator)) shown = image;
    if (shown == nullptr) return errc::no_picture;
    if (shown->fmt != VPX_IMG_FMT_I420) return errc::bad_frame;
    const auto plane = [&](int place) {
      return picture_view::plane{shown->planes[place], static_cast<std::size_t>(shown->stride[place])};
    };
    return picture_view(shown->d_w, shown->d_h, {plane(VPX_PLANE_Y), plane(VPX_PLANE_U), plane(VPX_PLANE_V)});
  }

 private:
  static constexpr std::size_t max_bytes = std::size_t{1} << 28U;

  base::result<void> check_size(const video_header& header) const noexcept {
    if (header.width > limits_.max_width || header.height > limits_.max_height ||
        std::uint64_t{header.width} * header.height > limits_.max_pixels) {
      return errc::picture_too_large;
    }
    return {};
  }

  base::result<void> check_vp8(std::span<const std::byte> frame) const noexcept {
    const auto header = read_video_header(video_codec::vp8, frame);
    if (!header) return header.error();
    return check_size(*header);
  }

  /// Every frame that libvpx will find is looked at. It would take bytes behind one for another; an index
  /// says that there is none.
  base::result<void> check_vp9(std::span<const std::byte>& bytes) {
    vp9_frames frames(bytes);
    std::size_t looked_at = 0;
    for (; const auto frame = frames.next(); ++looked_at) {
      const auto header = read_vp9_frame(*frame);
      if (!header) return header.error();
      constexpr std::byte profile_bits{0x30};
      if (((*frame)[0] & profile_bits) != std::byte{0}) return errc::bad_frame;
      if (const auto fits = check_size(*header); !fits) return fits;
    }
    // To libvpx one of no bytes stands for one that was lost.
    if (looked_at == 0 || looked_at != frames.size()) return errc::bad_frame;
    if (frames.indexed()) return {};
    const auto size = static_cast<std::uint32_t>(bytes.size());
    indexed_.resize(bytes.size() + superframe_index_bytes(1));
    std::ranges::copy(bytes, indexed_.begin());
    put_superframe_index(indexed_.data() + bytes.size(), {&size, 1});
    bytes = indexed_;
    return {};
  }

  video_codec codec_;
  picture_limits limits_;
  vpx_context context_;
  std::vector<std::byte> indexed_;
};

}  // namespace

base::result<std::unique_ptr<video_encoder>> make_vpx_encoder(const video_encoder_options& options) {
  auto encoder = std::make_unique<vpx_encoder>(options);
  if (!encoder->open()) return errc::codec_failed;
  return encoder;
}

base::result<std::unique_ptr<video_decoder>> make_vpx_decoder(video_codec codec,
                                                              const picture_limits& limits) {
  auto decoder = std::make_unique<vpx_decoder>(codec, limits);
  if (!decoder->open()) return errc::codec_failed;
  return decoder;
}

}  // namespace parley::media::detail
