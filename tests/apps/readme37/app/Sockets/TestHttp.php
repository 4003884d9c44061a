<?php

namespace App\Sockets;

/** Registered in the README, which does not show it. */
class TestHttp extends HttpSocket
{
}
