<?php
namespace Swoole {
    class Exception extends \Exception
    {
    }

    class Error extends \Error
    {
    }

    class ExitException extends Exception
    {
        private int $flags = 0;
        private mixed $status = 0;

        public function getFlags(): int {}

        public function getStatus(): mixed {}
    }
}

namespace Swoole\Client {
    class Exception extends \Swoole\Exception
    {
    }
}

namespace Swoole\Coroutine\Socket {
    class Exception extends \Swoole\Exception
    {
    }
}

namespace Swoole\Coroutine\Http\Client {
    class Exception extends \Swoole\Exception
    {
    }
}

namespace Swoole\Exception {
    class ArrayKeyNotExists extends \Swoole\Exception
    {
    }
}
