<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS;

use Rserverd\Server\Processes;
use Symfony\Component\Console\Style\OutputStyle;

/** Things that LaravelS keeps by class. */
class LaravelS
{
    /** @var OutputStyle|null */
    private static $style;

    public static function setOutputStyle(OutputStyle $style)
    {
        self::$style = $style;
    }

    /** @return OutputStyle|null */
    public static function getOutputStyle()
    {
        return self::$style;
    }

    /** @return array<array-key, \Swoole\Process> by the name that config/laravels.php gives them */
    public static function getCustomProcesses()
    {
        return Processes::all();
    }
}
