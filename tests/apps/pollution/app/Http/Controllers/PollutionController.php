<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use Illuminate\Http\JsonResponse;

/** Visitor A pollutes; visitor B probes. What there is to do: app/Pollution/pollutions.php, more.php. */
class PollutionController extends Controller
{
    public function index(): JsonResponse
    {
        return new JsonResponse(array_map(
            static fn (array $row): array => ['source' => $row[0], 'clean' => $row[3]],
            self::table(),
        ));
    }

    /** What the polluter itself sees afterwards comes with it: the probe must be able to tell. */
    public function pollute(string $name): JsonResponse
    {
        [, $pollute, $probe] = self::table()[$name];
        $pollute();

        return new JsonResponse(['pid' => getmypid(), 'seen' => $probe()]);
    }

    public function probe(string $name): JsonResponse
    {
        return new JsonResponse(['pid' => getmypid(), 'seen' => self::table()[$name][2]()]);
    }

    /** @return array<string, array{string, \Closure, \Closure, mixed}> */
    private static function table(): array
    {
        return (require app_path('Pollution/pollutions.php')) + (require app_path('Pollution/more.php'));
    }
}
