<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Exceptions\Teapot;
use Illuminate\Http\Request;
use Laravel\Lumen\Routing\Controller;
use RuntimeException;
use Symfony\Component\HttpFoundation\BinaryFileResponse;
use Symfony\Component\HttpFoundation\StreamedResponse;

/** Every way in which a request can end. */
class EndController extends Controller
{
    public function teapot()
    {
        throw new Teapot('short and stout');
    }

    public function exception()
    {
        throw new RuntimeException('nobody expects it');
    }

    public function error()
    {
        return strlen([]);
    }

    public function fatal()
    {
        ini_set('memory_limit', '64M');
        $all = [];
        while (true) {
            $all[] = str_repeat('x', 1 << 20);
        }
    }

    public function exit()
    {
        echo 'so far';
        exit(3);
    }

    public function dump()
    {
        dd(['dumped' => true]);
    }

    public function echo(Request $request)
    {
        echo 'echoed';

        return $request->query('return') ? ',returned' : null;
    }

    public function stream()
    {
        return new StreamedResponse(static function (): void {
            foreach (range(1, 3) as $n) {
                echo "piece $n\n";
                flush();
            }
        }, 200, ['Content-Type' => 'text/plain']);
    }

    public function file()
    {
        return new BinaryFileResponse(base_path('resources/data.txt'), 200, ['Content-Type' => 'text/plain']);
    }
}
