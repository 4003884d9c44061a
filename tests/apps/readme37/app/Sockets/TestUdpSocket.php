<?php

namespace App\Sockets;

/** Registered in the README, which does not show it. */
class TestUdpSocket extends DatagramSocket
{
}
