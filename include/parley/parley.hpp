#pragma once

/// \file
/// What an application needs to make and take calls: one header for the small API.

#include <parley/endpoint/audio.hpp>
#include <parley/endpoint/call.hpp>
#include <parley/endpoint/call_media.hpp>
#include <parley/endpoint/endpoint.hpp>
#include <parley/endpoint/error.hpp>
#include <parley/endpoint/incoming_call.hpp>
#include <parley/endpoint/message.hpp>
#include <parley/endpoint/options.hpp>
#include <parley/endpoint/registration.hpp>
#include <parley/endpoint/subscription.hpp>

// What programs that use coroutines need of Asio.
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
