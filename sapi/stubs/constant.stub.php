<?php
namespace Swoole;

/** The constants are rows of swoole_constant.def. */
class Constant
{
}
