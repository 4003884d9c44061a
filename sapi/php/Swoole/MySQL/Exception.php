<?php

declare(strict_types=1);

namespace Swoole\MySQL;

/** What is wrong with the array that connect() is given. */
class Exception extends \Exception
{
}

class_alias(Exception::class, 'swoole_mysql_exception');
