<?php

namespace Swoole\Http;

/** @not-serializable */
#[\AllowDynamicProperties]
class Server extends \Swoole\Server
{
}
